import { describe, expect, test } from '@jest/globals';
import { neededTypes, requestedFields, wantedReads } from '../../src/mapping/index.ts';
import type { FieldMap } from '../../src/mapping/types.ts';
import { expectProblems, good, load } from './kit.ts';

const STAGES = `
journey: accounts
subject: account
stages:
  a: { default: true }
  b: { enter: { some: deals } }
  c: { enter: { some: deals, where: { won: true } } }
  gone: { off_path: true, enter: { some: deals, where: { lost: true } } }
health:
  groups: { one: { weight: 1, measures: { m: { cases: [{ else: 50 }] } } } }
  bands: { good: 50, bad: 0 }
`;

function check(text: string): void {
  expectProblems(text, load(text).problems);
}

describe('J35 kpis', () => {
  test('J35 one or several a stage, in the order of the file, shares and times in one unit', () => {
    const mapping = good(`${STAGES}
kpis:
  b:
    - { measure: conversion, target: 40%, window: 90d }
    - { measure: median_time, target: 2w, window: 180d }
    - { measure: drop_off, target: 0.25 }
  a: { measure: sentiment, target: 70 }
  gone: [{ measure: health, target: 30 }, { measure: median_time, target: 12h }]
`);
    const told = mapping.kpis?.map(({ stage, measure, target, window }) => [
      stage,
      measure,
      target,
      window?.text ?? null,
    ]);
    expect(told).toEqual([
      ['b', 'conversion', 0.4, '90d'],
      ['b', 'median_time', 14, '180d'],
      ['b', 'drop_off', 0.25, null],
      ['a', 'sentiment', 70, null],
      ['gone', 'health', 30, null],
      ['gone', 'median_time', 0.5, null],
    ]);
  });

  test('J35 J7 every mistake at its place', () => {
    check(`${STAGES}
kpis:
  bb: { measure: sentiment, target: 70 }        #error@3: no stage "bb" -> b
  a:
    - { measure: convertion, target: 40% }      #error@18: Unknown measure "convertion" -> conversion
    - { measure: conversion, target: 40 }       #error@38: expected a share from 0 to 1
    - { measure: drop_off, target: 140% }       #error@36: expected a share from 0 to 1
    - { measure: median_time, target: 30 }      #error@39: Bad duration: found "30"
    - { measure: sentiment, target: 101 }       #error@37: expected a number from 0 to 100
    - { measure: health, target: 50, window: 9d }   #error@46: takes no window
    - { measure: sentiment }                    #error@7: needs measure: and target:
    - { measure: sentiment, target: 7, windw: 9d }  #error@40: Unknown key \`windw\` -> window
    - { measure: drop_off, target: 0.1, window: 3 months }  #error@49: Bad duration
  c: { measure: conversion, target: 0.1 }       #error@17: no stage after it
  gone: { measure: conversion, target: 0.1 }    #error@20: no stage after it
  b:
    - { measure: sentiment, target: 7 }
    - { measure: sentiment, target: 8 }         #error@7: a second target for sentiment
    - 5                                         #error@7: expected keys with values
`);
    check(`
journey: j
subject: account
stages: { a: { default: true } }
kpis:
  a: { measure: health, target: 50 }            #error@17: needs health:
`);
  });
});

describe('J34 what the analysis is told', () => {
  test('J34 settings are read, and every mistake stands at its place', () => {
    const mapping = good(`${STAGES}
analysis:
  include: [tickets, owner, tickets]
  marketing_qualified: b
  sales_touch: call
  silent: 21d
  window: 60d
`);
    expect(mapping.analysis).toMatchObject({
      include: ['tickets', 'owner'],
      marketingQualified: 'b',
      salesTouch: ['call'],
      silent: { text: '21d' },
      window: { text: '60d' },
    });
    expect(good(STAGES).analysis).toBeNull();
    check(`${STAGES}
analysis:
  include: [tikets]                  #error@13: Unknown part of the analysis "tikets" -> tickets
  marketing_qualified: bb            #error@24: no stage "bb" -> b
  sales_touch: [cal]                 #error@17: Unknown channel "cal" -> call
  silent: 3                          #error@11: Bad duration
  silnt: 3d                          #error@3: Unknown key \`silnt\` -> silent
`);
  });

  test('J3 J34 what is included is asked for; rules still read only what they read', () => {
    const text = `${STAGES}
analysis: { include: [tickets, owner] }
`;
    const mapping = good(text);
    const map: FieldMap = {
      connector: 'hubspot',
      identity: {},
      objects: [
        {
          type: 'tickets',
          entity: 'ticket',
          fields: { category: { kind: 'field', fields: ['cat'], values: null, scale: null } },
        },
        {
          type: 'companies',
          entity: 'account',
          fields: { owner: { kind: 'field', fields: ['boss'], values: null, scale: null } },
        },
      ],
    };
    expect(mapping.reads.tickets).toBeUndefined();
    expect(wantedReads(mapping).tickets).toContain('category');
    expect(requestedFields([mapping], map, 'tickets')).toEqual(['cat']);
    expect(requestedFields([mapping], map, 'companies')).toEqual(['boss']);
    expect(neededTypes([mapping], map)).toEqual(['tickets', 'companies']);
    expect(neededTypes([good(STAGES)], map)).toEqual(['companies']);
  });

  test('J35 targets and settings judge nobody: they make no new version', () => {
    const version = good(STAGES).version;
    expect(
      good(`${STAGES}
kpis: { b: { measure: sentiment, target: 70 } }
analysis: { silent: 9d }
`).version,
    ).toBe(version);
    expect(good(STAGES.replace('bad: 0', 'poor: 0')).version).not.toBe(version);
  });
});
