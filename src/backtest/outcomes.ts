import { loadMapping } from '../mapping/index.ts';
import type { FieldMap, Mapping, Outcome } from '../mapping/types.ts';
import type { Foretelling } from './types.ts';

/** Outcomes that every mapping has, in the words of mappings. */
const BUILT_IN = `
journey: built_in
subject: SUBJECT
define:
  bought: { some: deals, where: { won: true } }
  renewal_lost:
    all:
      - bought
      - some: deals
        where: { kind: renewal, lost: true }
      - not:
          expr: >-
            max(deals.filter(d, d.won).map(d, d.closed)) >
            max(deals.filter(d, d.lost && d.kind == 'renewal').map(d, d.closed))
stages: { any: { default: true } }
outcomes:
  deal_lost:
    label: A deal is lost
    each: { some: deals, where: { lost: true } }
    among: { some: deals, where: { open: true } }
  account_churned:
    label: A customer is lost
    when: { any: [{ account.type: former_customer }, renewal_lost] }
    among: { some: deals, where: { won: true } }
  renewed:
    label: A contract is renewed
    each: { some: deals, where: { kind: renewal, won: true } }
    among: { some: deals, where: { won: true } }
    good: true
`;

/** The outcomes that every mapping has: a lost deal, a lost customer, a renewal. */
export function builtInOutcomes(mapping: Mapping, fieldMaps: readonly FieldMap[]): readonly Outcome[] {
  const text = BUILT_IN.replace('SUBJECT', mapping.subject);
  const { mapping: loaded, problems } = loadMapping(text, 'built-in outcomes', {
    timezone: mapping.timezone,
    fieldMaps,
  });
  if (loaded === null) throw new Error(problems.map(({ line, message }) => `${line}: ${message}`).join('\n'));
  return loaded.outcomes ?? [];
}

/** The outcome of this name; the mapping's own goes before a built-in one. `deal lost` is `deal_lost`. */
export function findOutcome(
  mapping: Mapping,
  builtIn: readonly Outcome[],
  name: string,
): { readonly outcome: Outcome | null; readonly names: readonly string[] } {
  const all = [...(mapping.outcomes ?? []), ...builtIn];
  const wanted = name
    .trim()
    .toLowerCase()
    .replaceAll(/[\s-]+/g, '_');
  return {
    outcome: all.find((outcome) => outcome.name === wanted) ?? null,
    names: [...new Set(all.map((outcome) => outcome.name))],
  };
}

/** What foretells an outcome: what it says itself, else the worst band and all stages off the path; something wished
 *  for is foretold by the best band. Null: the mapping has nothing of the kind. */
export function foretellingOf(mapping: Mapping, outcome: Outcome): Foretelling | null {
  if (outcome.foretoldBy !== null) {
    const stages = outcome.foretoldBy.stages.filter((name) =>
      mapping.stages.some((one) => one.name === name),
    );
    const bands = outcome.foretoldBy.bands.filter((name) =>
      mapping.health?.bands.some((one) => one.name === name),
    );
    return stages.length + bands.length === 0 ? null : { stages, bands };
  }
  const bands = mapping.health?.bands ?? [];
  const band = outcome.good ? bands[0] : bands.at(-1);
  const stages = outcome.good ? [] : mapping.stages.filter(({ offPath }) => offPath);
  if (band === undefined && stages.length === 0) return null;
  return { stages: stages.map(({ name }) => name), bands: band === undefined ? [] : [band.name] };
}
