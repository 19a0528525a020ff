/** The syntax of `expr:` (J6): which operator binds which parts, nothing about their meaning. */
export type Syntax =
  | { readonly is: 'literal'; readonly value: string | number | boolean | null; readonly source: string }
  | { readonly is: 'list'; readonly items: readonly Syntax[] }
  | { readonly is: 'path'; readonly path: string }
  | { readonly is: 'unary'; readonly sign: '!' | '-'; readonly of: Syntax }
  | { readonly is: 'binary'; readonly sign: string; readonly left: Syntax; readonly right: Syntax }
  | { readonly is: 'call'; readonly name: string; readonly args: readonly Syntax[] }
  | { readonly is: 'method'; readonly name: string; readonly on: Syntax; readonly args: readonly Syntax[] };

const TOKEN = /\s*(\d+(?:\.\d+)?|'[^']*'|[A-Za-z_]\w*|&&|\|\||[=!<>]=|[-+*/%<>!().,[\]])/y;
/** From loose to tight. */
const LEVELS = [['||'], ['&&'], ['==', '!=', '<', '<=', '>', '>=', 'in'], ['+', '-'], ['*', '/', '%']];

export function parse(source: string): Syntax {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(source); match !== null; match = TOKEN.exec(source))
    tokens.push(match[1] as string);
  let at = 0;
  const peek = (): string => tokens[at] ?? '';
  const take = (wanted?: string): string => {
    const token = peek();
    if (wanted !== undefined && token !== wanted)
      throw new Error(`Expected ${wanted} in ${source}, found ${token}.`);
    at += 1;
    return token;
  };

  const binary = (level: number): Syntax => {
    const signs = LEVELS[level];
    if (signs === undefined) return unary();
    let left = binary(level + 1);
    while (signs.includes(peek())) {
      const sign = take();
      left = { is: 'binary', sign, left, right: binary(level + 1) };
    }
    return left;
  };
  const unary = (): Syntax => {
    const sign = peek();
    if (sign !== '!' && sign !== '-') return postfix();
    take();
    return { is: 'unary', sign, of: unary() };
  };
  const postfix = (): Syntax => {
    let node = primary();
    while (peek() === '.') {
      take();
      const name = take();
      if (peek() === '(') node = { is: 'method', name, on: node, args: args('(', ')') };
      else if (node.is === 'path') node = { is: 'path', path: `${node.path}.${name}` };
      else throw new Error(`No field of ${node.is}.`);
    }
    return node;
  };
  const primary = (): Syntax => {
    const token = peek();
    if (token === '[') return { is: 'list', items: args('[', ']') };
    take();
    if (token === '(') {
      const inner = binary(0);
      take(')');
      return inner;
    }
    if (/^\d/.test(token)) return { is: 'literal', value: Number(token), source: token };
    if (token.startsWith("'"))
      return { is: 'literal', value: token.slice(1, -1), source: token.slice(1, -1) };
    if (token === 'true' || token === 'false')
      return { is: 'literal', value: token === 'true', source: token };
    if (token === 'null') return { is: 'literal', value: null, source: token };
    return peek() === '(' ? { is: 'call', name: token, args: args('(', ')') } : { is: 'path', path: token };
  };
  const args = (open: string, close: string): readonly Syntax[] => {
    const found: Syntax[] = [];
    take(open);
    while (peek() !== close) {
      found.push(binary(0));
      if (peek() === ',') take();
    }
    take(close);
    return found;
  };

  const result = binary(0);
  if (at !== tokens.length) throw new Error(`Left over in ${source}: ${tokens.slice(at).join(' ')}.`);
  return result;
}
