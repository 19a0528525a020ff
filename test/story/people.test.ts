import { describe, expect, test } from '@jest/globals';
import { livePresence } from '../../src/story/index.ts';
import type { Presence, StoryPerson } from '../../src/story/types.ts';
import { said, story } from './tools.ts';

const of = (person: StoryPerson, crm: Presence['crm']): readonly Presence[] =>
  person.presences.filter((presence) => presence.crm === crm);
const inBoth = story.people.filter(
  (person) => of(person, 'hubspot').length > 0 && of(person, 'salesforce').length > 0,
);
const names = story.people.map(({ firstName, lastName }) => `${firstName} ${lastName}`);

describe('people', () => {
  test('as many live HubSpot contacts as asked for, three in five in both CRMs, an account for four', () => {
    const contacts = story.people.flatMap((person) =>
      of(person, 'hubspot').filter(({ archived }) => !archived),
    );
    expect(contacts).toHaveLength(2_000);
    expect(inBoth.length / story.people.length).toBeGreaterThan(0.55);
    expect(inBoth.length / story.people.length).toBeLessThan(0.68);
    expect(story.people.length / story.accounts.length).toBeCloseTo(4, 1);
    const alone = story.people.filter(({ account }) => account === null).length;
    expect(alone / story.people.length).toBeCloseTo(0.12, 2);
  });

  test('leads unconverted and converted, contacts, some of them without an account in Salesforce', () => {
    const salesforce = story.people.flatMap((person) => of(person, 'salesforce'));
    const leads = salesforce.filter(({ type }) => type === 'Lead');
    expect(leads.filter(({ converted }) => converted === null).length).toBeGreaterThan(200);
    expect(leads.filter(({ converted }) => converted !== null).length).toBeGreaterThan(100);
    const accounts = new Map(story.accounts.map((account) => [account.key, account]));
    const homeless = story.people.filter(({ account, presences }) => {
      const home = account === null ? null : accounts.get(account)!;
      return (
        livePresence(presences, 'salesforce', 'Contact') !== null &&
        home !== null &&
        livePresence(home.presences, 'salesforce') === null
      );
    });
    expect(homeless.length).toBeGreaterThan(10);
  });

  test('cross-ids on both sides, on one, on none; most of the last have an e-mail in common', () => {
    const modes = new Map<string, StoryPerson[]>();
    for (const person of inBoth) {
      const hubspot = of(person, 'hubspot').some(({ crossId }) => crossId !== null);
      const salesforce = of(person, 'salesforce').some(({ crossId }) => crossId !== null);
      const mode = `${hubspot}-${salesforce}`;
      modes.set(mode, [...(modes.get(mode) ?? []), person]);
    }
    for (const mode of ['true-true', 'true-false', 'false-true', 'false-false']) {
      expect(modes.get(mode)!.length).toBeGreaterThan(inBoth.length * 0.1);
    }
    const matching = modes.get('false-false')!.filter((person) => {
      const hubspot = of(person, 'hubspot').flatMap((record) => [
        said(record, 'email', person.email),
        ...person.otherEmails,
      ]);
      return of(person, 'salesforce').some((record) => {
        const email = said(record, 'email', person.email)?.toLowerCase();
        return email !== undefined && hubspot.includes(email);
      });
    });
    expect(matching.length / modes.get('false-false')!.length).toBeGreaterThan(0.85);
  });

  test('duplicates, merged, archived and ambiguous ones are there, each a few', () => {
    const count = (holds: (person: StoryPerson) => boolean): number => story.people.filter(holds).length;
    expect(count((person) => of(person, 'hubspot').length > 1)).toBe(30);
    expect(count((person) => of(person, 'hubspot').some(({ archived }) => archived))).toBe(20);
    expect(
      count((person) => of(person, 'hubspot').some(({ mergedIds }) => mergedIds.length > 0)),
    ).toBeGreaterThan(10);
    expect(
      count((person) => of(person, 'salesforce').some(({ mergedIds }) => mergedIds.length > 0)),
    ).toBeGreaterThan(3);
    const twins = story.people.filter(
      (person) => of(person, 'salesforce').filter(({ type }) => type === 'Contact').length > 1,
    );
    expect(twins.length).toBeGreaterThan(5);
    expect(twins.some(({ presences }) => presences.every(({ crossId }) => crossId === null))).toBe(true);
    const stale = inBoth.filter((person) =>
      of(person, 'salesforce').some(({ crossId }) =>
        of(person, 'hubspot').some(({ mergedIds }) => mergedIds.includes(crossId ?? '')),
      ),
    );
    expect(stale.length).toBeGreaterThan(0);
  });

  test('spellings differ: case, umlauts, nicknames, company names, web addresses', () => {
    const salesforce = story.people.flatMap((person) =>
      of(person, 'salesforce').map((record) => ({ person, record })),
    );
    const pairs = (field: string): Set<string> =>
      new Set(
        salesforce.map(({ person, record }) => {
          return `${(person as unknown as Record<string, unknown>)[field]} > ${record.spelling[field]}`;
        }),
      );
    expect(pairs('lastName')).toContain('Müller > Mueller');
    expect(pairs('firstName')).toContain('Robert > Bob');
    const emails = salesforce.map(({ record }) => String(record.spelling['email'] ?? ''));
    expect(emails.filter((email) => email !== email.toLowerCase()).length).toBeGreaterThan(50);
    const websites = story.accounts.flatMap(({ domain, presences }) =>
      presences
        .filter(({ crm }) => crm === 'salesforce')
        .map((record) => said(record, 'domain', domain) ?? ''),
    );
    expect(websites.filter((text) => text.startsWith('https://www.')).length).toBeGreaterThan(50);
    expect(websites.filter((text) => text.startsWith('HTTPS://')).length).toBeGreaterThan(5);
    const renamed = story.accounts.filter(({ presences }) =>
      presences.some(({ spelling }) => 'name' in spelling),
    );
    expect(renamed.length / story.accounts.length).toBeGreaterThan(0.2);
  });

  test('accounts of one domain are one family', () => {
    const named = story.accounts.flatMap((account) => (account.domain === null ? [] : [account]));
    const families = [...Map.groupBy(named, ({ domain }) => domain).values()].filter(
      ({ length }) => length > 1,
    );
    expect(families.length).toBeGreaterThan(0);
    for (const family of families) {
      const keys = new Set(family.map(({ key }) => key));
      expect(family.filter(({ parent }) => parent === null || !keys.has(parent))).toHaveLength(1);
    }
  });

  test('many languages and scripts, free-mail addresses, and values that are missing', () => {
    expect(new Set(story.people.map(({ language }) => language)).size).toBe(16);
    for (const script of [
      'Han',
      'Hangul',
      'Arabic',
      'Hebrew',
      'Devanagari',
      'Cyrillic',
      'Greek',
      'Thai',
      'Katakana',
    ]) {
      expect([script, names.some((name) => new RegExp(`\\p{Script=${script}}`, 'u').test(name))]).toEqual([
        script,
        true,
      ]);
    }
    const hosts = new Set(
      story.people.flatMap(({ email }) => (email === null ? [] : [email.split('@')[1]!])),
    );
    for (const host of ['gmail.com', 'gmx.de', 'qq.com']) {
      expect(hosts).toContain(host);
    }
    for (const field of [
      'firstName',
      'lastName',
      'email',
      'title',
      'phone',
      'country',
      'source',
      'lifecycle',
      'owner',
    ] as const) {
      expect([field, story.people.some((person) => person[field] === null)]).toEqual([field, true]);
    }
    for (const field of ['domain', 'industry', 'employees', 'revenue', 'country', 'city'] as const) {
      expect([field, story.accounts.some((account) => account[field] === null)]).toEqual([field, true]);
    }
    expect(story.deals.some(({ amount }) => amount === null)).toBe(true);
  });

  test('names that break careless code, each whole', () => {
    const text = names.join('\n');
    for (const awkward of [
      '<img src=x onerror=alert(1)>',
      '__proto__',
      'Back\\slash',
      '🚀',
      '\u200f',
      '");',
      "O'Brien",
    ]) {
      expect(text).toContain(awkward);
    }
    expect(names.filter((name) => name.includes('onerror'))).toHaveLength(1);
    expect(story.accounts.some(({ name }) => name === '__proto__')).toBe(true);
  });
});
