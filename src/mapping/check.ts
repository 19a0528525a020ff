import type { SubjectKind } from '../model/facts.ts';
import type { LoadedMapping } from './load.ts';
import { createProblems, listOf, nearest, quote, sortProblems } from './problems.ts';
import type { Reference } from './scope.ts';
import type { Mapping, Position, Problem } from './types.ts';

/**
 * Checks over all mappings that run together: names used once, journeys that exist and are of the right subject, no
 * circle of references (J2), no CRM field written by two outputs. Mappings must come from `loadMapping`.
 */
export function checkMappings(mappings: readonly Mapping[]): readonly Problem[] {
  const problems = createProblems();
  const loaded = mappings.map((mapping) => ({
    mapping,
    references: (mapping as Partial<LoadedMapping>).references ?? [],
    pos: (mapping as Partial<LoadedMapping>).namePosition ?? { file: mapping.file, line: 1, column: 1 },
  }));
  const byName = new Map<string, Mapping>();
  for (const { mapping, pos } of loaded) {
    const other = byName.get(mapping.name);
    if (other === undefined) byName.set(mapping.name, mapping);
    else
      problems.error(
        pos,
        `The journey name ${quote(mapping.name)} is taken by ${other.file}. Choose another one.`,
      );
  }
  for (const { mapping, references } of loaded) {
    for (const reference of references) checkReference(mapping, reference, byName, problems);
  }
  checkCircles(loaded, byName, problems);
  checkFields(loaded, problems);
  checkAdditions(mappings, problems);
  return sortProblems(problems.list);
}

type Found = ReturnType<typeof createProblems>;

function checkReference(
  from: Mapping,
  reference: Reference,
  byName: ReadonlyMap<string, Mapping>,
  problems: Found,
): void {
  const { journey, of, position, value, what } = reference;
  const wanted: SubjectKind = of === 'self' ? from.subject : of === 'account' ? 'account' : 'person';
  const fitting = [...byName.values()].filter(({ subject }) => subject === wanted).map(({ name }) => name);
  const target = byName.get(journey);
  if (value !== null) {
    // The mention itself is a reference of its own; here only the word beside it is looked at.
    if (target?.subject === wanted) checkWord(target, value, position, problems);
    return;
  }
  if (target === undefined) {
    problems.error(
      position,
      `No journey is called ${quote(journey)}. Expected ${fitting.length === 0 ? `a journey of the subject ${wanted}` : listOf(fitting)}.`,
      nearest(journey, fitting),
    );
    return;
  }
  if (target.subject !== wanted) {
    problems.error(
      position,
      `\`${journey}\` is a journey of the subject ${target.subject}; expected one of ${wanted}${fitting.length === 0 ? '' : `: ${listOf(fitting)}`}.`,
    );
    return;
  }
  if (what === 'health' && target.health === null) {
    problems.error(position, `\`${journey}\` scores no health. Expected a mapping with health:.`);
    return;
  }
  if (what === 'journey' && target.stages.length === 0) {
    problems.error(position, `\`${journey}\` has no stages. Expected a mapping with stages:.`);
    return;
  }
}

function checkWord(
  target: Mapping,
  value: NonNullable<Reference['value']>,
  position: Position,
  problems: Found,
): void {
  const names =
    value.kind === 'stage'
      ? target.stages.map(({ name }) => name)
      : [...(target.health?.bands.map(({ name }) => name) ?? []), 'unknown'];
  if (names.includes(value.name)) return;
  const now = value.kind === 'stage' ? renamed(target, value.name) : undefined;
  problems.error(
    position,
    `\`${target.name}\` has no ${value.kind} ${quote(value.name)}${now === undefined ? '' : `; it is called \`${now}\` now`}. Expected ${listOf(names)}.`,
    now ?? nearest(value.name, names),
  );
}

/** The name that a stage has now (J16). */
function renamed({ stages }: Mapping, old: string): string | undefined {
  return stages.find(({ renamedFrom }) => renamedFrom.includes(old))?.name;
}

/** A journey that needs its own result, over however many others: the order of evaluation would have no beginning. */
function checkCircles(
  loaded: readonly { readonly mapping: Mapping; readonly references: readonly Reference[] }[],
  byName: ReadonlyMap<string, Mapping>,
  problems: Found,
): void {
  const done = new Set<string>();
  const reported = new Set<string>();
  const positions = new Map<string, Position>();
  for (const { mapping, references } of loaded) {
    for (const { journey, position } of references) {
      const key = `${mapping.name} ${journey}`;
      if (!positions.has(key)) positions.set(key, position);
    }
  }
  const walk = (name: string, path: readonly string[]): void => {
    const round = path.indexOf(name);
    if (round >= 0) {
      const circle = [...path.slice(round), name];
      const key = [...new Set(circle)].sort().join(' ');
      const pos = positions.get(`${path.at(-1)} ${name}`);
      if (pos !== undefined && !reported.has(key)) {
        reported.add(key);
        problems.error(
          pos,
          `Journeys read each other in a circle: ${circle.join(' -> ')}. Take one of the references out.`,
        );
      }
      return;
    }
    if (done.has(name)) return;
    for (const { journey } of byName.get(name)?.dependsOn ?? []) walk(journey, [...path, name]);
    done.add(name);
  };
  for (const { mapping } of loaded) walk(mapping.name, []);
}

function checkFields(
  loaded: readonly { readonly mapping: Mapping; readonly pos: Position }[],
  problems: Found,
): void {
  const owners = new Map<string, string>();
  const claim = (key: string, owner: string, pos: Position, message: (other: string) => string): void => {
    const other = owners.get(key);
    if (other === undefined) owners.set(key, owner);
    else if (other !== owner) problems.error(pos, message(other));
  };
  const connectors = new Set(
    loaded.flatMap(({ mapping }) => [
      ...((mapping as Partial<LoadedMapping>).connectors ?? []),
      ...mapping.outputs.flatMap(({ names }) => Object.keys(names)),
    ]),
  );
  for (const { mapping, pos } of loaded) {
    for (const { names, output } of mapping.outputs) {
      const owner = `${mapping.name}.${output}`;
      for (const [connector, name] of Object.entries(names)) {
        claim(
          `${mapping.subject} ${connector} ${name.toLowerCase()}`,
          owner,
          pos,
          (other) =>
            `The outputs ${owner} and ${other} both write the field ${name} of ${connector}. Give one another name.`,
        );
      }
      // Where no name is given the connector's own is used, once per subject and output.
      for (const connector of connectors.size === 0 ? ['every connector'] : connectors) {
        if (Object.hasOwn(names, connector)) continue;
        claim(
          `${mapping.subject} ${connector} default ${output}`,
          owner,
          pos,
          (other) =>
            `The outputs ${owner} and ${other} both write the usual field for ${output} on the same records. Name the field of one under outputs:.`,
        );
      }
    }
  }
}

/** One fact field from two different places: facts are built once for all mappings. */
function checkAdditions(mappings: readonly Mapping[], problems: Found): void {
  const said = new Map<string, { readonly file: string; readonly source: string }>();
  for (const mapping of mappings) {
    for (const { connector, fact, field, pos, source, types } of (mapping as Partial<LoadedMapping>)
      .additions ?? []) {
      for (const type of types) {
        const key = `${connector} ${type} ${fact}.${field}`;
        const before = said.get(key);
        const text = JSON.stringify(source);
        if (before === undefined) said.set(key, { file: mapping.file, source: text });
        else if (before.source !== text) {
          problems.error(
            pos,
            `\`${fact}.${field}\` comes from another field of ${connector} in ${before.file}. Say the same in both, or give one another name.`,
          );
        }
      }
    }
  }
}

/** Mappings in an order in which each comes after those it reads (J2); those in a circle come last as they are. */
export function evaluationOrder<T extends Mapping>(mappings: readonly T[]): readonly T[] {
  const byName = new Map(mappings.map((mapping) => [mapping.name, mapping]));
  const placed = new Set<T>();
  const visiting = new Set<T>();
  const order: T[] = [];
  const place = (mapping: T): void => {
    if (placed.has(mapping) || visiting.has(mapping)) return;
    visiting.add(mapping);
    for (const { journey } of mapping.dependsOn) {
      const before = byName.get(journey);
      if (before !== undefined) place(before);
    }
    visiting.delete(mapping);
    placed.add(mapping);
    order.push(mapping);
  };
  for (const mapping of mappings) place(mapping);
  return order;
}
