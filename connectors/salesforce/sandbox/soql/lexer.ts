import { malformed } from './errors.ts';

export type TokenKind = 'word' | 'string' | 'number' | 'date' | 'datetime' | 'time-literal' | 'sign' | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** As written; for strings the quoted source. */
  readonly text: string;
  /** Unescaped content of a string; the text otherwise. */
  readonly value: string;
  /** Zero-based offset. */
  readonly at: number;
  /** Pattern for LIKE, where `\%` and `\_` differ from `%` and `_`. */
  readonly pattern?: string;
}

const DATETIME = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})/y;
const DATE = /\d{4}-\d{2}-\d{2}(?![\dT:-])/y;
const NUMBER = /[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w-])/y;
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y;
const COUNTED = /[A-Za-z_]+:\d+/y;
const SIGN = /<=|>=|!=|<>|[=<>(),.*]/y;
const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  b: '\b',
  f: '\f',
  '"': '"',
  "'": "'",
  '\\': '\\',
};

function take(pattern: RegExp, query: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(query)?.[0] ?? null;
}

/** Splits SOQL into tokens. Throws MALFORMED_QUERY for characters and escapes SOQL does not have. */
export function tokenize(query: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const push = (kind: TokenKind, text: string): void => {
    tokens.push({ kind, text, value: text, at });
    at += text.length;
  };
  while (at < query.length) {
    const char = query[at]!;
    if (/\s/.test(char)) {
      at += 1;
      continue;
    }
    if (char === "'") {
      const token = readString(query, at);
      tokens.push(token);
      at += token.text.length;
      continue;
    }
    const datetime = take(DATETIME, query, at);
    if (datetime !== null) {
      push('datetime', datetime);
      continue;
    }
    const date = take(DATE, query, at);
    if (date !== null) {
      push('date', date);
      continue;
    }
    const number = take(NUMBER, query, at);
    if (number !== null) {
      push('number', number);
      continue;
    }
    const counted = take(COUNTED, query, at);
    if (counted !== null) {
      push('time-literal', counted);
      continue;
    }
    const word = take(WORD, query, at);
    if (word !== null) {
      push('word', word);
      continue;
    }
    const sign = take(SIGN, query, at);
    if (sign !== null) {
      push('sign', sign);
      continue;
    }
    throw malformed(query, at, `unexpected token: '${char}'`);
  }
  tokens.push({ kind: 'end', text: '', value: '', at: query.length });
  return tokens;
}

function readString(query: string, start: number): Token {
  let value = '';
  let pattern = '';
  let at = start + 1;
  while (at < query.length) {
    const char = query[at]!;
    if (char === "'") {
      return { kind: 'string', text: query.slice(start, at + 1), value, at: start, pattern };
    }
    if (char !== '\\') {
      value += char;
      pattern += char;
      at += 1;
      continue;
    }
    const next = query[at + 1] ?? '';
    if (next === 'u') {
      const hex = query.slice(at + 2, at + 6);
      if (!/^[0-9a-fA-F]{4}$/.test(hex)) throw malformed(query, at, `Illegal escape sequence '\\u${hex}'`);
      const decoded = String.fromCharCode(Number.parseInt(hex, 16));
      value += decoded;
      pattern += decoded;
      at += 6;
      continue;
    }
    const plain = ESCAPES[next.toLowerCase()];
    if (next === '%' || next === '_') {
      value += next;
      pattern += `\\${next}`;
    } else if (plain !== undefined) {
      value += plain;
      pattern += next === '\\' ? '\\\\' : plain;
    } else {
      throw malformed(query, at, `Illegal escape sequence '\\${next}'`);
    }
    at += 2;
  }
  throw malformed(query, start, `line 1:${start} mismatched character '<EOF>' expecting '''`);
}
