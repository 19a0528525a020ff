import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/app/package-root.ts';
import { type ApplyOptions, apply } from '../../src/commands/apply.ts';
import type { CommandContext } from '../../src/commands/context.ts';
import { plan } from '../../src/commands/plan.ts';
import { rollback } from '../../src/commands/rollback.ts';
import { type Company, NOW } from '../helpers/company.ts';
import type { Json } from './kit.ts';

export const HOUR = 3_600_000;

/** What a command printed and how it ended. */
export interface Said {
  readonly exit: number;
  readonly text: string;
  /** With `--json`. */
  readonly json: Json;
}

async function say(
  company: Company,
  json: boolean,
  work: (context: CommandContext) => Promise<number>,
): Promise<Said> {
  let text = '';
  const context: CommandContext = {
    streams: {
      out: (part) => {
        text += part;
      },
      err: () => undefined,
      ask: null,
      terminal: false,
      width: 80,
    },
    env: {},
    folder: company.folder,
    json,
    quiet: true,
    configFile: undefined,
    signal: new AbortController().signal,
    config: () => company.app.config,
  };
  const exit = await work(context);
  return { exit, text, json: json ? JSON.parse(text) : null };
}

/** Commands as people type them, on an open company. `now`: hours after the first sync. */
export function commands(company: Company) {
  const at = (hours: number): number => NOW + hours * HOUR;
  return {
    plan: (hours: number, file = 'plan.json', json = true, rules: 'now' | 'backfill' = 'now') =>
      say(company, json, (context) =>
        plan(context, company.app, {
          ...{ out: file, full: false, connection: undefined, rules, now: at(hours) },
        }),
      ),
    apply: (hours: number, options: Partial<ApplyOptions> = {}, file = 'plan.json', json = true) =>
      say(company, json, (context) =>
        apply(context, company.app, file, {
          ...{ limit: undefined, segment: undefined, strict: false, now: at(hours) },
          ...options,
        }),
      ),
    rollback: (hours: number, run: string, onlyPlan = false, json = true) =>
      say(company, json, (context) =>
        rollback(context, company.app, run, { plan: onlyPlan, now: at(hours) }),
      ),
    sync: (hours: number) => company.sync({ now: at(hours) }),
  };
}

/** The journeys of the demo in the company's folder, where a test may change them. */
export function ownMappings(folder: string): readonly string[] {
  return ['accounts', 'people'].map((name) => {
    const text = readFileSync(join(packageRoot(), `mappings/b2b-software/${name}.yaml`), 'utf8');
    const path = join(folder, `${name}.yaml`);
    writeFileSync(path, text);
    return path;
  });
}

/** Changes a rule in a file, as somebody would in an editor. */
export async function changeRule(company: Company, file: string, from: string, to: string): Promise<void> {
  const text = readFileSync(file, 'utf8');
  if (!text.includes(from)) throw new Error(`${file} does not hold ${from}`);
  writeFileSync(file, text.replace(from, to));
  const problem = await company.app.reload();
  if (problem !== null) throw new Error(problem);
}

/** Every output value in both CRMs, by record and field. */
export async function outputsInCrms(company: Company): Promise<Readonly<Record<string, unknown>>> {
  const values: Record<string, unknown> = {};
  for (const [crm, types] of [
    ['hubspot', ['contacts', 'companies']],
    ['salesforce', ['Contact', 'Lead', 'Account']],
  ] as const) {
    for (const type of types) {
      for (const record of await company.records(crm, type)) {
        for (const [name, value] of Object.entries(record.properties ?? record))
          if (/^waystage_/i.test(name)) values[`${crm}:${type}:${record.id ?? record.Id} ${name}`] = value;
      }
    }
  }
  return values;
}
