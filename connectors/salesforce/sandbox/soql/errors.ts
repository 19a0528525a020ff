import { refuse, type SfError } from '../errors.ts';

const WINDOW = 45;

/** A SOQL refusal as Salesforce words it: an excerpt, a caret below the place, row and column, the reason.
 *  `at` is a zero-based offset into the query. */
export function soqlError(code: string, query: string, at: number, reason: string): SfError {
  const from = Math.max(0, at - WINDOW);
  const excerpt = query.slice(from, at + WINDOW).replace(/[\r\n\t]/g, ' ');
  const before = query.slice(0, at);
  const row = before.split('\n').length;
  const column = at - (before.lastIndexOf('\n') + 1) + 1;
  const caret = `${' '.repeat(at - from)}^`;
  return refuse(400, code, `\n${excerpt}\n${caret}\nERROR at Row:${row}:Column:${column}\n${reason}`);
}

export function malformed(query: string, at: number, reason: string): SfError {
  return soqlError('MALFORMED_QUERY', query, at, reason);
}

/** The refusal for a word or sign that does not belong where it stands. */
export function unexpected(query: string, token: { readonly text: string; readonly at: number }): SfError {
  return malformed(query, token.at, `unexpected token: '${token.text === '' ? '<EOF>' : token.text}'`);
}
