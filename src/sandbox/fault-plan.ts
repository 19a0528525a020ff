import { parse } from 'yaml';

/**
 * Reads a plan of faults, YAML or JSON: a list of what `POST /__sandbox/fault` takes, each entry with an optional
 * `sandbox` (a connector's id) that says whose it is; without it the entry is for every sandbox. Gives the entries
 * by sandbox; the sandboxes themselves check them when they start. Throws `Error` with the place of what is wrong.
 */
export function readFaultPlan(
  text: string,
  sandboxes: readonly string[],
): Readonly<Record<string, readonly unknown[]>> {
  let parsed: unknown;
  try {
    // No aliases: a plan is a flat list, and an alias bomb is not.
    parsed = parse(text, { maxAliasCount: 0 });
  } catch (error) {
    throw new Error(
      `The fault plan is no YAML or JSON: ${error instanceof Error ? error.message : 'unreadable'}`,
    );
  }
  if (!Array.isArray(parsed)) throw new Error('The fault plan must be a list of faults.');
  const plan = new Map<string, unknown[]>(sandboxes.map((id) => [id, []]));
  for (const [index, entry] of (parsed as readonly unknown[]).entries()) {
    const where = `fault ${index + 1} of the plan`;
    if (typeof entry !== 'object' || entry === null || Array.isArray(entry))
      throw new Error(`${where} must be a mapping of keys such as "route" and "kind".`);
    const { sandbox, ...fault } = entry as Readonly<Record<string, unknown>>;
    if (sandbox === undefined) {
      for (const faults of plan.values()) faults.push(fault);
      continue;
    }
    const own = typeof sandbox === 'string' ? plan.get(sandbox) : undefined;
    if (own === undefined)
      throw new Error(
        `${where}: there is no sandbox ${JSON.stringify(sandbox)}; use ${sandboxes.join(', ')}.`,
      );
    own.push(fault);
  }
  return Object.fromEntries(plan);
}
