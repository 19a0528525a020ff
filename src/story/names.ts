import { LANGUAGES, type LanguageData } from './languages.ts';
import type { Rng } from './prng.ts';

/** A name as its owner writes it and as an English-speaking colleague types it. */
export interface NamePair {
  readonly native: string;
  readonly latin: string;
}

export function language(tag: string): LanguageData {
  return LANGUAGES[tag] ?? LANGUAGES['en']!;
}

export function givenName(rng: Rng, tag: string): NamePair {
  return pair(rng.pick(language(tag).given));
}

export function familyName(rng: Rng, tag: string): NamePair {
  return pair(rng.pick(language(tag).family));
}

function pair(entry: string): NamePair {
  const colon = entry.indexOf(':');
  return colon < 0
    ? { native: entry, latin: latinise(entry) }
    : { native: entry.slice(0, colon), latin: entry.slice(colon + 1) };
}

const LETTERS: Readonly<Record<string, string>> = {
  ä: 'ae',
  ö: 'oe',
  ü: 'ue',
  Ä: 'Ae',
  Ö: 'Oe',
  Ü: 'Ue',
  ß: 'ss',
  ł: 'l',
  Ł: 'L',
  ı: 'i',
  ø: 'o',
  æ: 'ae',
};

/** Latin letters without marks, German umlauts as two letters (`Müller` -> `Mueller`, `Łódź` -> `Lodz`). */
export function latinise(text: string): string {
  let plain = '';
  for (const letter of text) {
    plain += LETTERS[letter] ?? letter;
  }
  return plain.normalize('NFD').replace(/\p{M}/gu, '');
}

/** The part of an e-mail address or host name that a name becomes: `von der Heide` -> `vonderheide`. */
export function slug(text: string): string {
  return latinise(text)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '');
}

/** A Map, for among the names is `__proto__`. */
const NICKNAMES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    James: 'Jim',
    Robert: 'Bob',
    William: 'Bill',
    Elizabeth: 'Liz',
    Patricia: 'Pat',
    Michael: 'Mike',
    Jennifer: 'Jenny',
    Margaret: 'Peggy',
    Thomas: 'Tom',
    Daniel: 'Dan',
    Andrew: 'Andy',
    Joshua: 'Josh',
    Benjamin: 'Ben',
    Samuel: 'Sam',
    Theodore: 'Ted',
    Katharina: 'Kathi',
    Johannes: 'Hannes',
    Maximilian: 'Max',
    Francisco: 'Paco',
    José: 'Pepe',
    Małgorzata: 'Gosia',
    Agnieszka: 'Aga',
  }),
);

/** The short form people go by, or null. */
export function nickname(given: string): string | null {
  return NICKNAMES.get(given) ?? null;
}

/** Names that break what handles text carelessly; all fit a Salesforce contact (40 and 80 characters). */
export const AWKWARD_NAMES: readonly { readonly first: string | null; readonly last: string | null }[] = [
  { first: 'Seán', last: "O'Brien" },
  { first: 'Robert"); DROP TABLE contacts;--', last: 'Tables' },
  { first: '__proto__', last: 'constructor' },
  { first: 'Back\\slash', last: 'N\\A' },
  { first: '🚀 Zoë', last: 'Ω‑Smith 👩🏽‍🚀' },
  { first: '<img src=x onerror=alert(1)>', last: 'Markup' },
  { first: 'أمل', last: 'بن سالم \u200f(Dubai)' },
  { first: 'null', last: 'Undefined' },
  { first: null, last: 'Prince' },
  { first: '=HYPERLINK("x")', last: "+1'1" },
  { first: 'J', last: 'X Æ A‑12' },
  { first: 'Wolfeschlegelsteinhausenbergerdorff', last: 'Hubert Blaine '.repeat(5).trim() },
  { first: 'Ann  Marie', last: 'de\u00a0la\u00a0Cruz' },
  { first: "d'Arc {{firstname}}", last: '%s %d {name}' },
  { first: 'Zal\u0308go\u0301', last: 'e\u0301Decomposed' },
  { first: null, last: null },
];
