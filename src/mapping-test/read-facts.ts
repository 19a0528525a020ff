import { fieldNames, fieldSpec, LIST_NAMES, RESULT_FIELDS, START_FIELD } from '../mapping/catalogue.ts';
import { listOf, nearest, quote } from '../mapping/problems.ts';
import { named } from '../mapping/shape.ts';
import type { YamlEntry, YamlMap, YamlNode } from '../mapping/source.ts';
import type { FactName, FactType } from '../mapping/types.ts';
import { wordsOf } from '../mapping/vocabulary.ts';
import type { ListName, ResultView, Scalar } from '../model/facts.ts';
import type { TestScope } from './scope.ts';
import type { Change, Place, Values, ViewChange } from './types.ts';

/** What the facts of a case say, and from when. */
export interface FactReading {
  readonly changes: readonly Change[];
  readonly views: readonly ViewChange[];
}

/** Everything of a case that says facts, in the order in which it happens. */
export interface FactText {
  readonly given: YamlMap;
  /** `start:`; null: the earliest date in the case. */
  readonly start: number | null;
  readonly entries: readonly { readonly at: number; readonly map: YamlMap }[];
}

/**
 * Facts of a case. What is given holds from the beginning of each thing (its `created` or `at`, else the start), an entry
 * of the time line from its instant. A deal is open until it is won or lost, and then closed at that instant; a ticket is
 * open until it has a closing date.
 */
export function readFacts(scope: TestScope, text: FactText): FactReading {
  const reader = createReader(scope);
  reader.map(text.given, null);
  const early = [
    ...reader.changes.flatMap(({ at }) => (at === null ? [] : [at])),
    ...text.entries.map(({ at }) => at),
  ];
  const start = text.start ?? (early.length === 0 ? 0 : early.reduce((a, b) => Math.min(a, b)));
  reader.settle(start);
  for (const entry of text.entries) {
    reader.map(entry.map, entry.at);
    reader.settle(entry.at);
  }
  return { changes: reader.settled, views: reader.views };
}

interface Open {
  readonly place: Place;
  /** Null: with the start. */
  readonly at: number | null;
  readonly values: Values | null;
}

interface Reader {
  readonly changes: Open[];
  readonly settled: Change[];
  readonly views: ViewChange[];
  map(map: YamlMap, at: number | null): void;
  settle(start: number): void;
}

const VIEW_KEYS: Readonly<Record<string, readonly string[]>> = {
  journeys: Object.keys(RESULT_FIELDS.journey),
  health: Object.keys(RESULT_FIELDS.health),
};

function createReader(scope: TestScope): Reader {
  const { mapping, shape, zone } = scope;
  const types: Record<string, FactType> = Object.create(null);
  for (const map of scope.fieldMaps) Object.assign(types, map.types);
  const known = new Map<Place, Values>();
  const changes: Open[] = [];
  const settled: Change[] = [];
  const views: ViewChange[] = [];
  const openViews: (Omit<ViewChange, 'at'> & { readonly at: number | null })[] = [];

  const map = (node: YamlMap, at: number | null): void => {
    for (const entry of node.entries) {
      const { key, keyPos, value } = entry;
      if (key === 'at' && at !== null) continue;
      if (isList(key)) items(key, '', value, at);
      else if (key === 'journeys' || key === 'health') results(value, key, 'self', at);
      else if (key === 'account') account(value, at);
      else if (key === 'person') {
        if (mapping.subject === 'account') {
          shape.problems.error(keyPos, 'An account journey has no `person`. Use people:.', 'people');
        } else thing(value, 'person', 'person', at);
      } else {
        const expected = [
          ...(mapping.subject === 'person' ? ['person'] : []),
          'account',
          ...LIST_NAMES,
          'journeys',
          'health',
        ];
        shape.problems.error(
          keyPos,
          `Unknown fact ${quote(key)}. Expected ${listOf(expected)}.`,
          nearest(key, expected),
        );
      }
    }
  };

  /** In a person journey the account has lists of its own; in an account journey they are the subject's. */
  const account = (node: YamlNode, at: number | null): void => {
    const all = shape.map(node, 'account');
    if (all === null) return;
    const own = all.entries.filter(({ key }) => !isList(key) && key !== 'journeys' && key !== 'health');
    for (const { key, value } of all.entries) {
      if (isList(key)) items(key, mapping.subject === 'person' ? 'account/' : '', value, at);
      else if (key === 'journeys' || key === 'health') results(value, key, 'account', at);
    }
    write('account', 'account', own, at);
  };

  const items = (list: ListName, prefix: '' | 'account/', node: YamlNode, at: number | null): void => {
    const entries: readonly { readonly name: string; readonly value: YamlNode }[] =
      node.kind === 'list'
        ? node.items.map((value, index) => ({ name: `${at ?? 'given'}-${index}`, value }))
        : named(shape, shape.map(node, list), 'item').map(({ key, value }) => ({ name: key, value }));
    for (const { name, value } of entries) {
      const place: Place = `${prefix}${list}/${name}`;
      if (value.kind === 'scalar' && value.value === null) {
        if (at === null || !known.has(place))
          shape.problems.error(value.pos, `There is no ${quote(name)} before that could be taken away.`);
        changes.push({ place, at, values: null });
        known.delete(place);
      } else thing(value, list, place, at);
    }
  };

  const thing = (node: YamlNode, fact: FactName, place: Place, at: number | null): void => {
    const all = shape.map(node, place);
    if (all === null) return;
    const own = all.entries.filter(
      ({ key }) => fact !== 'people' || (key !== 'journeys' && key !== 'health'),
    );
    for (const { key, value } of all.entries) {
      if (fact === 'people' && (key === 'journeys' || key === 'health'))
        results(value, key, place as `people/${string}`, at);
    }
    write(fact, place, own, at);
  };

  const write = (fact: FactName, place: Place, entries: readonly YamlEntry[], at: number | null): void => {
    const values: Record<string, Scalar> = {};
    for (const { key, keyPos, value } of entries) {
      const spec = fieldSpec(fact, key, types);
      if (spec === null) {
        const names = fieldNames(fact, types);
        shape.problems.error(
          keyPos,
          `Unknown field of ${fact} \`${key}\`. Expected ${listOf(names)}.`,
          nearest(key, names),
        );
        continue;
      }
      const read = scalar(fact, key, spec.type, value);
      if (read !== undefined) values[key] = read;
    }
    const before = known.get(place);
    const start = fact === 'account' || fact === 'person' ? 'created' : START_FIELD[fact];
    const own = values[start];
    const begins = at ?? (typeof own === 'number' ? own : null);
    changes.push({ place, at: begins, values });
    known.set(place, { ...before, ...values });
  };

  const scalar = (fact: FactName, field: string, type: FactType, node: YamlNode): Scalar | undefined => {
    const wrong = (expected: string): undefined => {
      const found = node.kind === 'scalar' ? quote(node.source) : `a ${node.kind}`;
      shape.problems.error(node.pos, `\`${fact}.${field}\`: found ${found}; expected ${expected}.`);
      return undefined;
    };
    if (node.kind !== 'scalar') return wrong('one value');
    if (node.value === null) return null;
    switch (type) {
      case 'number':
        return typeof node.value === 'number' ? node.value : wrong('a number');
      case 'boolean':
        return typeof node.value === 'boolean' ? node.value : wrong('true or false');
      case 'text': {
        const words = wordsOf(scope.fieldMaps, [], fact, field);
        const text = node.source.toLowerCase();
        if (words === null || words.some((word) => word.toLowerCase() === text)) return node.source;
        shape.problems.error(
          node.pos,
          `\`${fact}.${field}\` is never ${quote(node.source)}. Expected ${listOf(words)}.`,
          nearest(node.source, words),
        );
        return undefined;
      }
      default: {
        const instant = zone.parseInstant(node.source);
        if (instant === null) return wrong('a date such as 2026-01-31, or a date and time');
        return type === 'date' ? zone.dayStart(zone.dayNumber(instant)) : instant;
      }
    }
  };

  const results = (
    node: YamlNode,
    what: 'journeys' | 'health',
    place: ViewChange['of'] | Place,
    at: number | null,
  ): void => {
    const keys = VIEW_KEYS[what] as readonly string[];
    for (const { key: journey, value } of shape.map(node, what)?.entries ?? []) {
      const fields = shape.map(value, `${what}.${journey}`);
      if (fields === null) continue;
      shape.keys(fields, keys, `${what}.${journey}`);
      const view: Record<string, Scalar> = {};
      for (const { key, value: field } of fields.entries) {
        if (!keys.includes(key)) continue;
        if (key === 'entered') {
          const instant = field.kind === 'scalar' ? zone.parseInstant(field.source) : null;
          if (instant === null)
            shape.problems.error(field.pos, 'entered: expected a date such as 2026-01-31.');
          else view[key] = instant;
        } else if (key === 'visits' || key === 'score') {
          const number = shape.number(field, key, 0, Number.MAX_VALUE);
          if (number !== null) view[key] = number;
        } else {
          const none = field.kind === 'scalar' && (field.value === null || field.source === 'none');
          const text = none ? null : shape.text(field, key);
          view[key] = text;
        }
      }
      const of = place as ViewChange['of'];
      openViews.push({ at, of, journey, view: view as Partial<ResultView> });
    }
  };

  const settle = (start: number): void => {
    for (const { at, place, values } of changes.splice(0)) {
      const from = at ?? start;
      settled.push({ at: from, place, values: values && complete(place, values, from) });
    }
    for (const view of openViews.splice(0)) views.push({ ...view, at: view.at ?? start });
  };
  const begun = new Set<Place>();
  const complete = (place: Place, values: Values, at: number): Values => {
    const list = place.replace('account/', '').split('/')[0] as ListName | 'person' | 'account';
    const first = !begun.has(place);
    begun.add(place);
    const start = list === 'person' || list === 'account' ? 'created' : START_FIELD[list];
    const whole: Record<string, Scalar> =
      first && !Object.hasOwn(values, start) ? { [start]: at, ...values } : { ...values };
    if (list === 'deals') settleDeal(whole, first, at);
    if (list === 'tickets' && whole['open'] === undefined) {
      if (typeof whole['closed'] === 'number') whole['open'] = false;
      else if (first || whole['closed'] === null) whole['open'] = true;
    }
    return whole;
  };

  return { changes, settled, views, map, settle };
}

function settleDeal(values: Record<string, Scalar>, first: boolean, at: number): void {
  const { won, lost, open } = values;
  const over = won === true || lost === true;
  if (over) {
    values['open'] ??= false;
    values['won'] ??= false;
    values['lost'] ??= false;
    values['closed'] ??= at;
  } else if (first || open === true) {
    values['open'] ??= true;
    values['won'] ??= false;
    values['lost'] ??= false;
    if (open === true && !first) values['closed'] ??= null;
  }
}

function isList(key: string): key is ListName {
  return (LIST_NAMES as readonly string[]).includes(key);
}
