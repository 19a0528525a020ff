import type { Path } from './ast.ts';
import { malformed, unexpected } from './errors.ts';
import type { Token } from './lexer.ts';

/** Words that can start no field path: met there, something before them is missing. */
const RESERVED = new Set(['SELECT', 'FROM', 'WHERE', 'AND', 'OR', 'LIKE', 'IN']);

/** A cursor over tokens, with the few questions a parser asks. */
export class TokenReader {
  readonly query: string;
  readonly #tokens: readonly Token[];
  #place = 0;

  constructor(query: string, tokens: readonly Token[]) {
    this.query = query;
    this.#tokens = tokens;
  }

  peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#place + ahead, this.#tokens.length - 1)]!;
  }

  next(): Token {
    const token = this.peek();
    this.#place += 1;
    return token;
  }

  /** Is the next token this keyword (any case)? */
  isWord(word: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === 'word' && token.text.toUpperCase() === word;
  }

  isSign(sign: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === 'sign' && token.text === sign;
  }

  takeWord(word: string): boolean {
    if (!this.isWord(word)) return false;
    this.#place += 1;
    return true;
  }

  takeSign(sign: string): boolean {
    if (!this.isSign(sign)) return false;
    this.#place += 1;
    return true;
  }

  expectWord(word: string): void {
    if (!this.takeWord(word)) throw this.#missing(`'${word.toLowerCase()}'`);
  }

  expectSign(sign: string): void {
    if (!this.takeSign(sign)) throw this.#missing(`'${sign}'`);
  }

  /** A name that is no keyword of its own. */
  name(): Token {
    const token = this.peek();
    if (token.kind !== 'word' || RESERVED.has(token.text.toUpperCase())) throw unexpected(this.query, token);
    return this.next();
  }

  /** `Name`, `Account.Name`, `Account.Owner.Name`. */
  path(): Path {
    const first = this.name();
    const parts = [first.text];
    while (this.takeSign('.')) parts.push(this.name().text);
    return { parts, text: parts.join('.'), at: first.at };
  }

  /** A whole number of zero or more. */
  count(): { readonly value: number; readonly at: number } {
    const token = this.peek();
    if (token.kind !== 'number' || !/^\d+$/.test(token.text)) throw unexpected(this.query, token);
    this.#place += 1;
    return { value: Number(token.text), at: token.at };
  }

  unexpected(): Error {
    return unexpected(this.query, this.peek());
  }

  #missing(wanted: string): Error {
    const token = this.peek();
    if (token.kind === 'end') return unexpected(this.query, token);
    return malformed(this.query, token.at, `unexpected token: '${token.text}' (expecting ${wanted})`);
  }
}
