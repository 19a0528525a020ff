import type { AggregateName, Condition, Literal, OrderItem, Path, Query, SelectItem } from './ast.ts';
import { malformed } from './errors.ts';
import { tokenize } from './lexer.ts';
import { TokenReader } from './tokens.ts';

const AGGREGATES = new Set(['COUNT', 'COUNT_DISTINCT', 'MIN', 'MAX', 'SUM', 'AVG']);
const CLAUSES = new Set([
  'WHERE',
  'GROUP',
  'ORDER',
  'LIMIT',
  'OFFSET',
  'WITH',
  'USING',
  'FOR',
  'HAVING',
  'ALL',
]);
const OPERATORS = new Set(['=', '!=', '<>', '<', '<=', '>', '>=']);
/** SOQL itself allows more; deep nesting here is never a real query. */
const MAX_DEPTH = 50;

/** SOQL text -> tree. Throws MALFORMED_QUERY with the place for everything outside the supported language:
 *  select with parent paths, aggregates and child queries, where, group by, order by, limit, offset. */
export function parse(text: string): Query {
  const reader = new TokenReader(text, tokenize(text));
  const query = readQuery(reader, 'top');
  if (reader.peek().kind !== 'end') throw reader.unexpected();
  return query;
}

function readQuery(reader: TokenReader, place: 'top' | 'child' | 'semi-join'): Query {
  reader.expectWord('SELECT');
  const select = [readItem(reader, place)];
  while (reader.takeSign(',')) select.push(readItem(reader, place));
  reader.expectWord('FROM');
  const from = reader.path();
  const next = reader.peek();
  const alias = next.kind === 'word' && !CLAUSES.has(next.text.toUpperCase()) ? reader.next().text : null;
  if (reader.isSign(',')) throw reader.unexpected();
  const where = reader.takeWord('WHERE') ? readCondition(reader, 0) : null;
  const groupBy: Path[] = [];
  if (place === 'top' && reader.takeWord('GROUP')) {
    reader.expectWord('BY');
    do groupBy.push(reader.path());
    while (reader.takeSign(','));
  }
  const orderBy: OrderItem[] = [];
  if (place !== 'semi-join' && reader.takeWord('ORDER')) {
    reader.expectWord('BY');
    do orderBy.push(readOrder(reader));
    while (reader.takeSign(','));
  }
  const limit = place !== 'semi-join' && reader.takeWord('LIMIT') ? reader.count().value : null;
  const offset = place === 'top' && reader.takeWord('OFFSET') ? reader.count().value : null;
  return { text: reader.query, select, from, alias, where, groupBy, orderBy, limit, offset };
}

function readItem(reader: TokenReader, place: 'top' | 'child' | 'semi-join'): SelectItem {
  const start = reader.peek();
  if (reader.isSign('(')) {
    if (place !== 'top') throw reader.unexpected();
    reader.next();
    const query = readQuery(reader, 'child');
    reader.expectSign(')');
    return { kind: 'children', query, at: start.at };
  }
  if (start.kind === 'word' && reader.isSign('(', 1)) return readFunction(reader);
  const path = reader.path();
  return { kind: 'field', path, alias: readAlias(reader) };
}

function readAlias(reader: TokenReader): string | null {
  const token = reader.peek();
  if (token.kind !== 'word' || token.text.toUpperCase() === 'FROM') return null;
  return reader.next().text;
}

function readFunction(reader: TokenReader): SelectItem {
  const word = reader.next();
  const name = word.text.toUpperCase();
  reader.expectSign('(');
  if (name === 'FIELDS') {
    const set = reader.name().text.toUpperCase();
    if (set !== 'ALL' && set !== 'STANDARD' && set !== 'CUSTOM') {
      throw malformed(reader.query, word.at, `unexpected token: '${set}'`);
    }
    reader.expectSign(')');
    return { kind: 'fields', set, at: word.at };
  }
  if (!AGGREGATES.has(name)) throw malformed(reader.query, word.at, `unexpected token: '${word.text}('`);
  if (name === 'COUNT' && reader.takeSign(')')) return { kind: 'count', at: word.at };
  const path = reader.path();
  reader.expectSign(')');
  return { kind: 'aggregate', name: name as AggregateName, path, alias: readAlias(reader) };
}

function readOrder(reader: TokenReader): OrderItem {
  const path = reader.path();
  const descending = !reader.takeWord('ASC') && reader.takeWord('DESC');
  let nullsLast = false;
  if (reader.takeWord('NULLS')) {
    if (reader.takeWord('LAST')) nullsLast = true;
    else reader.expectWord('FIRST');
  }
  return { path, descending, nullsLast };
}

/** One level: operands joined by AND, or by OR, never by both without parentheses; NOT only at its start. */
function readCondition(reader: TokenReader, depth: number): Condition {
  if (depth > MAX_DEPTH) throw reader.unexpected();
  if (reader.takeWord('NOT')) return { kind: 'not', part: readOperand(reader, depth) };
  const first = readOperand(reader, depth);
  const kind = reader.isWord('AND') ? 'and' : reader.isWord('OR') ? 'or' : null;
  if (kind === null) return first;
  const parts = [first];
  while (reader.takeWord(kind.toUpperCase())) parts.push(readOperand(reader, depth));
  return { kind, parts };
}

function readOperand(reader: TokenReader, depth: number): Condition {
  if (reader.takeSign('(')) {
    const inner = readCondition(reader, depth + 1);
    reader.expectSign(')');
    return inner;
  }
  if (reader.isWord('NOT')) throw reader.unexpected();
  const path = reader.path();
  const token = reader.peek();
  if (token.kind === 'sign' && OPERATORS.has(token.text)) {
    reader.next();
    const operator = token.text === '<>' ? '!=' : token.text;
    return { kind: 'compare', path, operator: operator as '=', literal: readLiteral(reader) };
  }
  if (reader.takeWord('LIKE')) {
    return { kind: 'compare', path, operator: 'LIKE', literal: readLiteral(reader) };
  }
  const negated = reader.isWord('NOT') && reader.isWord('IN', 1);
  if (negated) reader.next();
  if (!reader.takeWord('IN')) throw reader.unexpected();
  reader.expectSign('(');
  if (reader.isWord('SELECT')) {
    const query = readQuery(reader, 'semi-join');
    reader.expectSign(')');
    return { kind: 'semi-join', path, negated, query };
  }
  const literals = [readLiteral(reader)];
  while (reader.takeSign(',')) literals.push(readLiteral(reader));
  reader.expectSign(')');
  return { kind: 'in', path, negated, literals };
}

function readLiteral(reader: TokenReader): Literal {
  const token = reader.peek();
  const base = { value: token.value, pattern: token.pattern ?? token.value, at: token.at };
  switch (token.kind) {
    case 'string':
    case 'number':
    case 'date':
    case 'datetime':
      reader.next();
      return { kind: token.kind, ...base };
    case 'time-literal':
      reader.next();
      return { kind: 'span', ...base };
    case 'word': {
      const word = token.text.toUpperCase();
      reader.next();
      if (word === 'NULL') return { kind: 'null', ...base };
      if (word === 'TRUE' || word === 'FALSE') {
        return { kind: 'boolean', ...base, value: word.toLowerCase() };
      }
      return { kind: 'span', ...base };
    }
    default:
      throw reader.unexpected();
  }
}
