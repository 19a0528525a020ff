import { type ASTNode, Environment, type ParseError } from '@marcbachmann/cel-js';

/** Nothing longer is an expression that a person wrote (J10). */
export const EXPR_CHARACTERS = 4_000;

/** Only the package's parser is used; names, types and evaluation are ours. */
const parser = new Environment({
  unlistedVariablesAreDyn: true,
  limits: { maxAstNodes: 1_000, maxDepth: 40, maxListElements: 500, maxMapEntries: 1, maxCallArguments: 8 },
});

export type CelNode = ASTNode;
export type CelResult =
  | { readonly ok: true; readonly ast: CelNode }
  | { readonly ok: false; readonly message: string; readonly offset: number };

export function parseCel(text: string): CelResult {
  if (text.length > EXPR_CHARACTERS) {
    return {
      ok: false,
      offset: 0,
      message: `The expression has ${text.length} characters; at most ${EXPR_CHARACTERS} are read.`,
    };
  }
  try {
    return { ok: true, ast: parser.parse(text).ast };
  } catch (error) {
    const { summary, range } = error as ParseError;
    const message = summary ?? (error as Error).message.split('\n')[0] ?? 'cannot be read';
    return { ok: false, offset: range?.start ?? 0, message };
  }
}

/** `a.b.c`, or null when it starts with something else than a name. */
export function pathOf(node: CelNode): readonly string[] | null {
  if (node.op === 'id') return [node.args];
  if (node.op !== '.') return null;
  const before = pathOf(node.args[0]);
  return before && [...before, node.args[1]];
}
