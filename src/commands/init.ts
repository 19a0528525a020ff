import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { packageRoot } from '../app/package-root.ts';
import { DEFAULT_CONFIG } from '../config/resolve.ts';
import { isZone } from '../mapping/index.ts';
import { WaystageError } from '../model/errors.ts';
import { listing, wrap } from '../terminal/text.ts';
import { type CommandContext, type ExitStatus, print } from './context.ts';

interface Answers {
  readonly hubspot: boolean;
  readonly salesforce: boolean;
  readonly business: 'software' | 'services';
  readonly timezone: string;
}

/** Starter mappings by kind of business, shipped with Waystage. */
const STARTERS: Readonly<
  Record<Answers['business'], readonly { readonly from: string; readonly to: string }[]>
> = {
  software: [
    { from: 'mappings/b2b-software/accounts.yaml', to: 'mappings/accounts.yaml' },
    { from: 'mappings/b2b-software/people.yaml', to: 'mappings/people.yaml' },
  ],
  services: [{ from: 'mappings/services/clients.yaml', to: 'mappings/clients.yaml' }],
};

/** `init`: writes a commented configuration and starter mappings with their tests. Never overwrites a file. */
export async function init(context: CommandContext): Promise<ExitStatus> {
  const target = resolve(context.folder, context.configFile ?? DEFAULT_CONFIG);
  if (existsSync(target)) {
    throw new WaystageError(
      'usage',
      `${context.configFile ?? DEFAULT_CONFIG} is there already and is not overwritten. Edit it, or name another file with --config.`,
    );
  }
  const answers = await questions(context);
  const starters = STARTERS[answers.business];
  const written: string[] = [];
  const kept: string[] = [];
  save(
    target,
    withSchema(
      configText(
        answers,
        starters.map((starter) => starter.to),
      ),
      target,
      'configuration',
    ),
  );
  written.push(context.configFile ?? DEFAULT_CONFIG);
  const tests = starters.map(({ from, to }) => ({ from: testOf(from), to: testOf(to) }));
  for (const { from, to } of [...starters, ...tests]) {
    const path = join(context.folder, to);
    const schema = tests.some((test) => test.to === to) ? 'mapping-test' : 'mapping';
    if (existsSync(path)) kept.push(to);
    else {
      save(path, withSchema(readFileSync(join(packageRoot(), from), 'utf8'), path, schema));
      written.push(to);
    }
  }
  print(context, { written, kept }, () => [
    ...written.map((file) => `Wrote ${file}`),
    ...kept.map((file) => `Kept ${file}, which was there already`),
    '',
    'Next:',
    ...wrap(`  1. Set ${listing(variables(answers))} in the environment.`, context.streams.width, '     '),
    '  2. waystage check             configuration and mappings, offline;',
    '     waystage test              the tests of the mappings',
    '  3. waystage provision --plan  the fields Waystage would create in the CRM;',
    '     waystage provision         creates them',
    '  4. waystage plan              what a sync would write; writes nothing',
    '  5. waystage plan --out plan.json, then waystage apply plan.json: the first plan',
    '     that is applied lets waystage sync (waystage serve: by schedule) write',
  ]);
  return 0;
}

/** Environment variables that the written configuration reads. */
function variables(answers: Answers): readonly string[] {
  return [
    ...(answers.hubspot ? ['HUBSPOT_TOKEN'] : []),
    ...(answers.salesforce ? ['SALESFORCE_URL', 'SALESFORCE_CLIENT_ID', 'SALESFORCE_CLIENT_SECRET'] : []),
  ];
}

async function questions(context: CommandContext): Promise<Answers> {
  const { ask } = context.streams;
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const timezone = isZone(zone) ? zone : 'UTC';
  if (ask === null || context.json)
    return { hubspot: true, salesforce: true, business: 'software', timezone };
  const yes = async (question: string): Promise<boolean> => !/^n/i.test(await ask(`${question} [Y/n] `));
  const hubspot = await yes('Connect HubSpot?');
  const salesforce = await yes('Connect Salesforce?');
  if (!hubspot && !salesforce)
    throw new WaystageError('usage', 'Waystage needs at least one CRM. Start again and choose one.');
  const services = /^s/i.test(
    await ask('Start from (B)2B software or (S)ervices with repeat purchase? [B/s] '),
  );
  const question = `Time zone in which days are counted? [${timezone}] `;
  let named = await ask(question);
  while (named !== '' && !isZone(named)) {
    context.streams.err(`\`${named}\` is not a time zone. Use an IANA name such as Europe/Berlin.\n`);
    named = await ask(question);
  }
  return {
    hubspot,
    salesforce,
    business: services ? 'services' : 'software',
    timezone: named === '' ? timezone : named,
  };
}

function configText(answers: Answers, mappings: readonly string[]): string {
  const part = (text: string): string => text.replace(/^\n/, '');
  return [
    part(`
# Waystage. \`waystage check\` tells what is wrong with this file; \${NAME} is taken from the environment.

# Where Waystage keeps its state.
database: sqlite:.waystage/waystage.db

# Days are counted in this zone. A mapping's own \`timezone\` wins.
timezone: ${answers.timezone}

connections:
`),
    answers.hubspot
      ? part(`
  - id: hubspot                     # your name for it, used on the command line
    connector: hubspot
    auth: { kind: token, token: "\${HUBSPOT_TOKEN}" }   # token of a project app or a service key
    schedule: "*/15 * * * *"        # cron, for \`waystage serve\`
    # objects: [contacts, companies]  # default: all that the mappings need
    # budget: { requestsPer10s: 100 } # default: what HubSpot allows the app
`)
      : '',
    answers.salesforce
      ? part(`
  - id: salesforce
    connector: salesforce
    baseUrl: "\${SALESFORCE_URL}"    # My Domain: https://your-company.my.salesforce.com
    auth: { kind: client-credentials, clientId: "\${SALESFORCE_CLIENT_ID}", clientSecret: "\${SALESFORCE_CLIENT_SECRET}" }
    schedule: "*/15 * * * *"
`)
      : '',
    part(`

# The journeys. Each file has stages, segments, health and outputs.
mappings:
${mappings.map((mapping) => `  - ${mapping}`).join('\n')}

write:
  # mode: plan-only     # never write; without it a first applied plan lets syncs write
  manualEdits: ask      # an output that a person edited is kept and reported; revert: put back and reported;
                        # adopt for 30d: an edited stage or band holds for that time

server:
  host: 127.0.0.1       # the status page has no login; keep it on this machine or behind your own
  # port: 4000
`),
  ]
    .filter((text) => text !== '')
    .join('');
}

/** The tests of a mapping stand beside it. */
function testOf(mapping: string): string {
  return mapping.replace(/\.yaml$/, '.test.yaml');
}

/** The first line that tells an editor which schema completes and checks the file, whatever folder it is in. */
function withSchema(
  text: string,
  path: string,
  schema: 'configuration' | 'mapping' | 'mapping-test',
): string {
  const file = join(packageRoot(), 'config', 'schema', `${schema}.schema.json`);
  const place = relative(dirname(path), file).replaceAll('\\', '/');
  const rest = text.replace(/^# yaml-language-server:.*\n/, '');
  return `# yaml-language-server: $schema=${place}\n${rest}`;
}

function save(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { flag: 'wx' });
  } catch (error) {
    throw new WaystageError('usage', `${path} cannot be written: ${(error as Error).message}.`, {
      cause: error,
    });
  }
}
