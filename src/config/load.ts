import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { type Document, isMap, isScalar, LineCounter, type Node, parseDocument, visit } from 'yaml';
import type { z } from 'zod';
import { WaystageError } from '../model/errors.ts';
import { nearest } from '../model/nearest.ts';
import { type Problem, problemText } from '../model/problem.ts';
import { Config, LATER_KEYS } from './schema.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface LoadedConfig {
  readonly config: Config | null;
  readonly problems: readonly Problem[];
  readonly locate: Locate;
}

/** Where a key stands in the file; its parent's place when it is not written, else the beginning. */
export type Locate = (path: readonly (string | number)[]) => {
  readonly line: number;
  readonly column: number;
};

export const NOWHERE: Locate = () => ({ line: 1, column: 1 });

const MAX_BYTES = 1_000_000;

/** Reads and checks a configuration text. All problems at once, with positions; never a secret in a message. */
export function parseConfig(text: string, file: string, environment: Environment): LoadedConfig {
  if (Buffer.byteLength(text) > MAX_BYTES) {
    return {
      config: null,
      problems: [at(file, 1, 1, 'The file is larger than 1 MB; a configuration is a few kilobytes.')],
      locate: NOWHERE,
    };
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  const problems: Problem[] = [];
  const locate = (offset: number): { line: number; column: number } => {
    const position = lines.linePos(offset);
    return { line: Math.max(position.line, 1), column: Math.max(position.col, 1) };
  };
  for (const error of document.errors) {
    const { line, column } = locate(error.pos[0]);
    problems.push(at(file, line, column, `This is not valid YAML: ${error.message}`));
  }
  if (problems.length > 0) return { config: null, problems, locate: NOWHERE };
  substitute(document, environment, (offset, message) => {
    const { line, column } = locate(offset);
    problems.push(at(file, line, column, message));
  });
  const plain = toPlain(document, (message) => problems.push(at(file, 1, 1, message)));
  const result = Config.safeParse(plain ?? {});
  if (!result.success) {
    for (const issue of result.error.issues) {
      for (const problem of fromIssue(issue, document)) {
        const { line, column } = locate(problem.offset);
        problems.push({
          ...at(file, line, column, problem.message),
          ...(problem.suggestion === undefined ? {} : { suggestion: problem.suggestion }),
        });
      }
    }
  }
  if (result.success) {
    checkMeaning(result.data, (path, message) => {
      const { line, column } = locate(offsetOf(document, path));
      problems.push(at(file, line, column, message));
    });
  }
  for (const path of laterPaths(plain, LATER_KEYS)) {
    const { line, column } = locate(offsetOf(document, path));
    problems.push({
      ...at(file, line, column, `\`${path.join('.')}\` is accepted but this version does not act on it yet.`),
      severity: 'warning',
    });
  }
  const failed = problems.some((problem) => problem.severity === 'error');
  problems.sort((a, b) => a.line - b.line || a.column - b.column);
  return {
    config: !failed && result.success ? result.data : null,
    problems,
    locate: (path) => locate(offsetOf(document, path)),
  };
}

/** YAML as plain data; an alias bomb is refused instead of expanded. */
function toPlain(document: Document, report: (message: string) => void): unknown {
  try {
    return document.contents === null ? {} : document.toJS({ maxAliasCount: 100 });
  } catch {
    report(
      'The file repeats parts of itself through aliases more often than any configuration needs. Write the values out.',
    );
    return {};
  }
}

/** Paths that are present in the configuration among those with `*` for any list element. */
function laterPaths(
  value: unknown,
  patterns: readonly (readonly string[])[],
): readonly (readonly (string | number)[])[] {
  const walk = (
    node: unknown,
    rest: readonly string[],
    path: readonly (string | number)[],
  ): (string | number)[][] => {
    const [head, ...tail] = rest;
    if (head === undefined) return [[...path]];
    if (typeof node !== 'object' || node === null) return [];
    if (head === '*') {
      return Array.isArray(node) ? node.flatMap((item, index) => walk(item, tail, [...path, index])) : [];
    }
    return Object.hasOwn(node, head)
      ? walk((node as Record<string, unknown>)[head], tail, [...path, head])
      : [];
  };
  return patterns.flatMap((pattern) => walk(value, pattern, []));
}

/** Reads the file; throws `config_invalid` with every problem when it does not fit. */
export function loadConfigFile(
  path: string,
  environment: Environment,
): { config: Config; root: string; warnings: readonly Problem[]; locate: Locate } {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new WaystageError(
      'config_invalid',
      `The configuration ${shown(path)} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'}). ` +
        'Create one with `waystage init`, or name another with --config.',
      { cause: error },
    );
  }
  const { config, problems, locate } = parseConfig(text, shown(path), environment);
  if (config === null) throw new WaystageError('config_invalid', problems.map(problemText).join('\n'));
  return { config, root: projectRoot(path), warnings: problems, locate };
}

/** Paths in the configuration are relative to the project: the folder above `config/`, else the file's own. */
export function projectRoot(path: string): string {
  const folder = dirname(resolve(path));
  return folder.endsWith('/config') || folder.endsWith('\\config') ? dirname(folder) : folder;
}

/** A path as a person in this folder would write it. */
export function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return short !== '' && !short.startsWith('..') && !isAbsolute(short) ? short : path;
}

/** `${NAME}` in a value is the environment's; a name that is not set is an error, never an empty secret. */
function substitute(
  document: Document,
  environment: Environment,
  report: (offset: number, message: string) => void,
): void {
  visit(document, {
    Scalar(key, node) {
      if (key === 'key' || typeof node.value !== 'string') return;
      node.value = node.value.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_, name: string) => {
        const value = environment[name];
        if (value === undefined || value === '') {
          report(
            node.range?.[0] ?? 0,
            `The environment variable ${name} is not set. Set it, or write the value here.`,
          );
          // Keeps the shape valid, so that this stays the only error reported for the value.
          return 'unset';
        }
        return value;
      });
    },
  });
}

function fromIssue(
  issue: z.core.$ZodIssue,
  document: Document,
): readonly { offset: number; message: string; suggestion?: string }[] {
  const path = issue.path as readonly (string | number)[];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const inside = document.getIn(path, true);
      const pair = isMap(inside)
        ? inside.items.find((item) => isScalar(item.key) && item.key.value === key)
        : undefined;
      const offset = (pair?.key as Node | undefined)?.range?.[0] ?? offsetOf(document, path);
      const suggestion = nearest(key, knownKeys(path));
      const where =
        path.length === 0
          ? 'the configuration'
          : `\`${path.filter((part) => typeof part === 'string').join('.')}\``;
      const message = `\`${key}\` is not a key of ${where}. Known: ${[...knownKeys(path)].join(', ')}.`;
      return { offset, message, ...(suggestion === undefined ? {} : { suggestion }) };
    });
  }
  const name = path.length === 0 ? 'The configuration' : `\`${path.join('.')}\``;
  return [{ offset: offsetOf(document, path), message: `${name}: ${issue.message}.` }];
}

const KEYS: Readonly<Record<string, readonly string[]>> = {
  '': [
    'database',
    'timezone',
    'connections',
    'mappings',
    'fieldMaps',
    'identity',
    'write',
    'server',
    'alerts',
    'retention',
  ],
  connections: [
    'id',
    'connector',
    'auth',
    'baseUrl',
    'settings',
    'sandbox',
    'schedule',
    'reconcile',
    'refreshCalculated',
    'objects',
    'budget',
    'events',
    'webhookSecret',
  ],
  'connections.auth': ['kind', 'token', 'clientId', 'clientSecret'],
  'connections.budget': ['requestsPer10s', 'dailyShare', 'reserve'],
  write: ['mode', 'manualEdits', 'activation', 'guard'],
  'write.guard': ['share', 'atLeast'],
  server: ['port', 'host'],
  identity: ['unlink'],
  alerts: ['url', 'secret', 'on'],
};

function knownKeys(path: readonly (string | number)[]): readonly string[] {
  return KEYS[path.filter((part) => typeof part === 'string').join('.')] ?? [];
}

function offsetOf(document: Document, path: readonly (string | number)[]): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true) as Node | undefined;
    if (node?.range) return node.range[0];
  }
  return 0;
}

/** What the shape alone cannot tell. */
function checkMeaning(
  config: Config,
  report: (path: readonly (string | number)[], message: string) => void,
): void {
  if (!isTimezone(config.timezone)) {
    report(
      ['timezone'],
      `\`${config.timezone}\` is not a time zone. Use an IANA name such as Europe/Berlin.`,
    );
  }
  const seen = new Set<string>();
  config.connections.forEach((connection, index) => {
    if (seen.has(connection.id)) {
      report(
        ['connections', index, 'id'],
        `Two connections are called \`${connection.id}\`; ids must differ.`,
      );
    }
    seen.add(connection.id);
    if (connection.baseUrl !== undefined && !connection.sandbox && isPrivate(new URL(connection.baseUrl))) {
      report(
        ['connections', index, 'baseUrl'],
        "This is a private or unencrypted address. Use the CRM's https address, or set `sandbox: true` for a local sandbox.",
      );
    }
  });
}

export function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** Loopback, link-local, private ranges, single-label and `.local` names, or plain http. */
function isPrivate(url: URL): boolean {
  if (url.protocol !== 'https:') return true;
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    host.endsWith('.local') ||
    host.endsWith('.internal')
  )
    return true;
  if (!host.includes('.') && !host.includes(':')) return true;
  if (
    /^(127|10|0)\.|^192\.168\.|^169\.254\.|^172\.(1[6-9]|2\d|3[01])\.|^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./.test(
      host,
    )
  )
    return true;
  return /^(::1?$|f[cd][0-9a-f]{2}:|fe[89ab][0-9a-f]:|::ffff:)/.test(host);
}

function at(file: string, line: number, column: number, message: string): Problem {
  return { file, line, column, severity: 'error', message };
}
