import { Option } from 'commander';
import { createLog } from '../app/log.ts';
import { WaystageError } from '../model/errors.ts';
import type { Fate } from '../store/port.ts';
import { findSubject, namedBy } from '../sync/subjects/find-subject.ts';
import { analyse } from './analyse.ts';
import { apply } from './apply.ts';
import { backtest } from './backtest.ts';
import { check } from './check.ts';
import { connections } from './connections.ts';
import { demo } from './demo.ts';
import { explain } from './explain.ts';
import { exportRows } from './export.ts';
import { fields } from './fields.ts';
import { history } from './history.ts';
import { init } from './init.ts';
import { matches } from './matches.ts';
import { override } from './override.ts';
import { pause } from './pause.ts';
import { plan } from './plan.ts';
import { provision } from './provision.ts';
import { rollback } from './rollback.ts';
import { run, runs } from './runs.ts';
import { sandbox } from './sandbox.ts';
import { serve } from './serve.ts';
import { type CommandSpec, command, number, pulling, same, text, withApp, withStore } from './spec.ts';
import { sync } from './sync.ts';
import { test } from './test.ts';

const FATES: readonly Fate[] = ['applied', 'ignored', 'failed'];

/** All commands, in the order of the help. */
export const COMMANDS: readonly CommandSpec[] = [
  command(
    'demo',
    'try it without an account: both sandboxes, two syncs, the status page',
    (command) =>
      command
        .option('--once', 'end after the two syncs')
        .option('--contacts <n>', 'HubSpot contacts in the story', '2000')
        .option('--seed <n>', 'another story', '1')
        .option('--port <n>', 'port of the status page'),
    (context, _args, options) =>
      demo(context, {
        once: options['once'] === true,
        contacts: number(options, 'contacts', '--contacts', 1, 1_000_000) ?? 2000,
        seed: number(options, 'seed', '--seed', 0, 2 ** 31) ?? 1,
        port: number(options, 'port', '--port', 0, 65_535),
      }),
  ),
  command(
    'sandbox',
    'start the HubSpot and Salesforce sandboxes only',
    (command) =>
      command
        .option('--contacts <n>', 'HubSpot contacts in the story', '2000')
        .option('--seed <n>', 'another story', '1')
        .option('--hubspot-port <n>', 'port of the HubSpot sandbox (default: any free one)')
        .option('--salesforce-port <n>', 'port of the Salesforce sandbox (default: any free one)')
        .option('--latency <ms>', 'milliseconds added to every answer', '0')
        .option('--faults <file>', 'YAML or JSON list of faults, each as `POST /__sandbox/fault` takes it'),
    (context, _args, options) =>
      sandbox(context, {
        contacts: number(options, 'contacts', '--contacts', 1, 1_000_000) ?? 2000,
        seed: number(options, 'seed', '--seed', 0, 2 ** 31) ?? 1,
        faults: text(options['faults']),
        latencyMs: number(options, 'latency', '--latency', 0, 60_000) ?? 0,
        ports: {
          hubspot: number(options, 'hubspotPort', '--hubspot-port', 0, 65_535) ?? 0,
          salesforce: number(options, 'salesforcePort', '--salesforce-port', 0, 65_535) ?? 0,
        },
      }),
  ),
  command('init', 'write a commented configuration and starter mappings', same, (context) => init(context)),
  command('check', 'check configuration and mappings, offline', same, (context) => check(context)),
  command('test [files...]', 'run mapping tests (mappings/*.test.yaml), offline', same, (context, args) =>
    test(context, args),
  ),
  command(
    'provision',
    'create the Waystage fields in the CRMs',
    (command) => command.option('--plan', 'only show what is missing'),
    (context, _args, options) => withApp(context, (app) => provision(context, app, options['plan'] === true)),
  ),
  command(
    'pull',
    'read the CRMs, judge and write nothing',
    (command) =>
      pulling(command).option('--history', 'also what fields held before, as the CRMs remember it'),
    (context, _args, options) =>
      withApp(context, (app) =>
        sync(context, app, 'pull', {
          full: options['full'] === true,
          history: options['history'] === true,
          connection: text(options['connection']),
        }),
      ),
  ),
  command(
    'plan',
    'what a sync would write, with reasons and requests',
    (command) =>
      pulling(command)
        .option('--out <file>', 'save the plan, for `apply`')
        .addOption(
          new Option('--rules <span>', 'changed rules count from now on, or for all the past')
            .choices(['now', 'backfill'])
            .default('now'),
        ),
    (context, _args, options) =>
      withApp(context, (app) =>
        plan(context, app, {
          out: text(options['out']),
          full: options['full'] === true,
          connection: text(options['connection']),
          rules: text(options['rules']) === 'backfill' ? 'backfill' : 'now',
        }),
      ),
  ),
  command(
    'apply <file>',
    'write a saved plan and let its rules take over; what is stale is left out and listed',
    (command) =>
      command
        .option('--limit <n>', 'so many records at most; the rest waits')
        .option('--segment <name>', 'only who is in this segment; the rest waits')
        .option('--strict', 'nothing at all if anything would be left out'),
    (context, args, options) =>
      withApp(context, (app) =>
        apply(context, app, args[0] ?? '', {
          limit: number(options, 'limit', '--limit', 1, 100_000_000),
          segment: text(options['segment']),
          strict: options['strict'] === true,
        }),
      ),
  ),
  command(
    'rollback <run>',
    'give the fields a run wrote their values of before (`last`: the newest run)',
    (command) => command.option('--plan', 'only show what would be done'),
    (context, args, options) =>
      withApp(context, (app) => rollback(context, app, args[0] ?? '', { plan: options['plan'] === true })),
  ),
  command(
    'sync',
    'pull, resolve, place, plan and write',
    (command) =>
      pulling(command)
        .option('--reconcile', 'compare with a full reading: deletes, archives, merges, associations')
        .option('--approve', 'let pass what the guard kept for approval, and nothing else')
        .option('--retry', 'try again what a CRM refused for good'),
    (context, _args, options) =>
      withApp(context, (app) =>
        sync(context, app, 'sync', {
          full: options['full'] === true,
          reconcile: options['reconcile'] === true,
          approve: options['approve'] === true,
          retry: options['retry'] === true,
          connection: text(options['connection']),
        }),
      ),
  ),
  command(
    'explain <subject>',
    'why this stage, why not the next, what moved the health',
    (command) => command.option('--at <instant>', 'as of an earlier instant or the end of a day'),
    (context, args, options) =>
      withApp(context, (app) => explain(context, app, args[0] ?? '', text(options['at']))),
  ),
  command(
    'history <subject>',
    'visits and health over time',
    (command) => command.option('--at <instant>', 'up to an earlier instant or the end of a day'),
    (context, args, options) =>
      withApp(context, async (app) =>
        history(
          context,
          app,
          await findSubject(app.store, args[0] ?? '', namedBy(app.connections)),
          text(options['at']),
        ),
      ),
  ),
  command(
    'override <action> [subject]',
    'set, end or list stages and bands by hand',
    (command) =>
      command
        .option('--journey <name>', 'the journey; may be left out when there is only one')
        .option('--stage <name>', 'set: the stage, or `none`')
        .option('--band <name>', 'set: the health band')
        .option('--reason <text>', 'set: why; explanations show it')
        .option('--for <time>', 'set: how long, such as 30d (default: until somebody ends it)')
        .option('--until <date>', 'set: until the end of this day')
        .option('--owner <name>', 'who sets or ends it (default: you)')
        .option('--only <what>', 'end: only the stage, or only the band')
        .option('--all', 'list: also what is over'),
    (context, args, options) =>
      withApp(context, (app) =>
        override(context, app, args[0] ?? '', args[1], {
          journey: text(options['journey']),
          stage: text(options['stage']),
          band: text(options['band']),
          reason: text(options['reason']),
          for: text(options['for']),
          until: text(options['until']),
          owner: text(options['owner']),
          only: text(options['only']),
          all: options['all'] === true,
        }),
      ),
  ),
  command(
    'analyse',
    'conversion, time, drop-off, ways, sentiment, friction, touchpoints and targets of the journeys',
    (command) =>
      command
        .option('--journey <name>', 'only this journey')
        .option('--segment <name>', 'only who is in this segment')
        .option('--from <day>', 'entries and events from this day on')
        .option('--to <day>', 'until the end of this day')
        .option('--by <what>', 'also by segment, owner or source')
        .option(
          '--compare <version>',
          'before and since a version of the mapping (`current`: the present one)',
        )
        .option('--causes <list>', 'moves that count: own (customer, time), all, or a list', 'own')
        .option('--window <time>', 'time within which a stage should lead on (default: 90d)')
        .option('--silent <time>', 'so long without a touchpoint is silence (default: 30d)'),
    (context, _args, options) =>
      withApp(context, (app) =>
        analyse(context, app, {
          journey: text(options['journey']),
          segment: text(options['segment']),
          from: text(options['from']),
          to: text(options['to']),
          by: text(options['by']),
          compare: text(options['compare']),
          causes: text(options['causes']),
          window: text(options['window']),
          silent: text(options['silent']),
        }),
      ),
  ),
  command(
    'backtest <mapping>',
    'how well a journey, by its name or file, would have foretold an outcome',
    (command) =>
      command
        .option('--outcome <name>', '`deal lost`, `account churned`, `renewed`, or one of the mapping')
        .option('--against <version>', 'compare with this version (default: the one in use; none)')
        .option('--horizons <list>', 'within which it must follow (default: 30d,60d,90d)')
        .option('--from <day>', 'judge from this day on (default: a year before the end)')
        .option('--to <day>', 'what happened later counts as not known'),
    (context, args, options) =>
      withApp(context, (app) =>
        backtest(context, app, args[0] ?? '', {
          outcome: text(options['outcome']),
          against: text(options['against']),
          horizons: text(options['horizons']),
          from: text(options['from']),
          to: text(options['to']),
        }),
      ),
  ),
  command(
    'export <what>',
    'visits, health or writes, a line a row, for BI tools',
    (command) =>
      command
        .requiredOption('--format <format>', 'csv (safe to open in a spreadsheet) or jsonl')
        .option('--journey <name>', 'only this journey')
        .option('--out <file>', 'into this file instead of standard output'),
    (context, args, options) =>
      withStore(context, (store) =>
        exportRows(context, store, args[0] ?? '', {
          format: text(options['format']) ?? '',
          journey: text(options['journey']),
          out: text(options['out']),
        }),
      ),
  ),
  command('matches', 'ambiguous and merged records with their reasons', same, (context) =>
    withApp(context, (app) => matches(context, app.store, app.connections)),
  ),
  command(
    'runs',
    'the run log',
    (command) => command.option('--limit <n>', 'runs to list', '20'),
    (context, _args, options) =>
      withStore(context, (store) => runs(context, store, number(options, 'limit', '--limit', 1, 10_000))),
  ),
  command(
    'run <id>',
    'one run: what you should know, and the fate of its records (`last`: the newest)',
    (command) =>
      command
        .option('--fate <fate>', `only records that were ${FATES.join(', ')}`)
        .option('--limit <n>', 'records to list', '50'),
    (context, args, options) =>
      withStore(context, (store) => {
        const fate = text(options['fate']);
        if (fate !== undefined && !FATES.includes(fate as Fate)) {
          throw new WaystageError('usage', `--fate is \`${fate}\`; expected one of ${FATES.join(', ')}.`);
        }
        const limit = number(options, 'limit', '--limit', 1, 1_000_000) ?? 50;
        return run(
          context,
          store,
          args[0] ?? '',
          fate === undefined ? { limit } : { limit, fate: fate as Fate },
        );
      }),
  ),
  command('connections', 'what is connected and how it was at the last contact', same, (context) =>
    withApp(context, (app) => connections(context, app)),
  ),
  command(
    'pause [connection]',
    'stop writing, to one connection or to all; reading goes on',
    same,
    (context, args) => withApp(context, (app) => pause(context, app, 'pause', args[0])),
  ),
  command('resume [connection]', 'restart writing', same, (context, args) =>
    withApp(context, (app) => pause(context, app, 'resume', args[0])),
  ),
  command(
    'fields <connection>',
    "the CRM's fields with fill rate, distinct values and freshness",
    (command) => command.option('--type <type>', 'only this object type'),
    (context, args, options) =>
      withApp(context, (app) => fields(context, app, args[0] ?? '', text(options['type']))),
  ),
  command(
    'serve',
    'the status page, the health checks and the schedules',
    (command) => command.option('--port <n>', 'port of the status page (default: PORT or 4000)'),
    (context, _args, options) =>
      withApp(context, (app) =>
        serve(context, app, createLog(context.env, 'info'), {
          port: number(options, 'port', '--port', 0, 65_535),
        }),
      ),
  ),
];
