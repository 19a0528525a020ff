import { salesforceSuffix } from '../../../src/story/index.ts';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** The 18-character form of an id given with 15 or 18 characters; null when it is no id at all. */
export function fullId(text: unknown): string | null {
  if (typeof text !== 'string' || !/^[0-9A-Za-z]+$/.test(text)) return null;
  if (text.length === 15) return text + salesforceSuffix(text);
  if (text.length !== 18) return null;
  return salesforceSuffix(text.slice(0, 15)) === text.slice(15) ? text : null;
}

/** The n-th id with this key prefix, in a range of its own (`…8v…`), apart from ids a story hands out. */
export function makeId(prefix: string, n: number): string {
  let rest = n;
  let digits = '';
  while (digits.length < 10) {
    digits = (BASE62[rest % 62] ?? '0') + digits;
    rest = Math.floor(rest / 62);
  }
  const id15 = `${prefix}8v${digits}`;
  return id15 + salesforceSuffix(id15);
}
