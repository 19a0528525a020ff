import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Sandboxes, startSandboxes } from '../../src/app/sandboxes.ts';
import { systemClock } from '../../src/model/clock.ts';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const entry = join(root, 'src', 'cli.ts');

export interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Running {
  readonly child: ChildProcess;
  /** Resolves with all that the stream has said once it matches. */
  says(stream: 'out' | 'err', pattern: RegExp): Promise<string>;
  readonly ended: Promise<Ended>;
}

export interface Call {
  readonly folder: string;
  readonly env?: Readonly<Record<string, string>>;
}

const children = new Set<ChildProcess>();

/** Ends what a test left running, for example because it failed. */
export async function killAll(): Promise<void> {
  await Promise.all(
    [...children].map(
      (child) =>
        new Promise((gone) => {
          child.on('close', gone);
          child.kill('SIGKILL');
        }),
    ),
  );
}

/** Starts the command line as its users do, in a process of its own. */
export function start(args: readonly string[], call: Call): Running {
  const { PORT: _, WAYSTAGE_DATABASE_URL: __, WAYSTAGE_LOG_LEVEL: ___, ...env } = process.env;
  const child = spawn(process.execPath, [entry, ...args], {
    cwd: call.folder,
    // Parsed once, not a hundred times.
    env: { ...env, NODE_COMPILE_CACHE: join(tmpdir(), 'waystage-test-compile-cache'), ...call.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.add(child);
  const said = { out: '', err: '' };
  const listeners = new Set<() => void>();
  for (const name of ['out', 'err'] as const) {
    const stream = name === 'out' ? child.stdout : child.stderr;
    stream.setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
      for (const listener of listeners) listener();
    });
  }
  const ended = new Promise<Ended>((done) => {
    child.on('close', (status) => {
      children.delete(child);
      done({ status, ...said });
      for (const listener of listeners) listener();
    });
  });
  return {
    child,
    ended,
    says: (stream, pattern) =>
      new Promise((found, missed) => {
        const look = (): void => {
          if (pattern.test(said[stream])) found(said[stream]);
          else if (child.exitCode === null && child.signalCode === null) return;
          else missed(new Error(`ended without saying ${pattern}: ${said.out}${said.err}`));
          listeners.delete(look);
        };
        listeners.add(look);
        look();
      }),
  };
}

/** Runs one command to its end. */
export function run(args: readonly string[], call: Call): Promise<Ended> {
  return start(args, call).ended;
}

/** An empty folder of its own; `remove` takes it away. */
export function folder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'waystage-cli-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Both sandboxes with a small story in this process. */
export function sandboxes(contacts: number): Promise<Sandboxes> {
  return startSandboxes({ seed: 1, contacts, clock: systemClock, latencyMs: 0, ports: {} });
}

/** A configuration of both sandboxes; `change` may spoil it. */
export function configText(all: Sandboxes['all'], mappings: readonly string[], schedule = ''): string {
  const connections = Object.entries(all).map(
    ([id, { url, token }]) =>
      `  - id: ${id}\n    connector: ${id}\n    baseUrl: ${url}\n    sandbox: true\n    auth: { kind: token, token: "${token}" }\n${schedule === '' ? '' : `    schedule: "${schedule}"\n`}`,
  );
  return `connections:\n${connections.join('')}mappings:\n${mappings.map((file) => `  - ${file}\n`).join('')}`;
}
