import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { RequestReport, SandboxWrite } from '../../src/sandbox/port.ts';

export type Crm = 'hubspot' | 'salesforce';

export interface SandboxSettings {
  readonly crm: Crm;
  readonly contacts: number;
  readonly latencyMs?: number;
  /** HubSpot's general limit; absent: as good as none, for what is counted and not timed. */
  readonly perTenSeconds?: number;
}

/** A sandbox in another process. */
export interface RemoteSandbox {
  readonly crm: Crm;
  readonly url: string;
  readonly token: string;
  requests(): Promise<RequestReport>;
  writes(): Promise<readonly SandboxWrite[]>;
  edit(type: string, id: string, properties: Readonly<Record<string, unknown>>): Promise<void>;
  /** Moves the sandbox's clock forward. */
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
}

const PROGRAM = fileURLToPath(new URL('../sandboxes.ts', import.meta.url));

export async function startSandboxProcess(settings: SandboxSettings): Promise<RemoteSandbox> {
  const options = [
    ['--crm', settings.crm],
    ['--contacts', String(settings.contacts)],
    ['--latency', String(settings.latencyMs ?? 0)],
    ...(settings.perTenSeconds === undefined ? [] : [['--per-ten-seconds', String(settings.perTenSeconds)]]),
  ];
  const child = spawn(process.execPath, [PROGRAM, ...options.flat()], { stdio: ['pipe', 'pipe', 'inherit'] });
  const { url, token } = JSON.parse(await firstLine(child, 'the sandbox')) as { url: string; token: string };
  const call = async (method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown> => {
    const answer = await fetch(`${url}/__sandbox/${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok)
      throw new Error(`${method} ${path} of the ${settings.crm} sandbox: ${answer.status} ${text}`);
    return JSON.parse(text);
  };
  return {
    crm: settings.crm,
    url,
    token,
    requests: async () => (await call('GET', 'requests')) as RequestReport,
    writes: async () => ((await call('GET', 'writes')) as { writes: readonly SandboxWrite[] }).writes,
    edit: async (type, id, properties) => {
      await call('POST', 'edit', { type, id, properties });
    },
    advance: async (ms) => {
      await call('POST', 'clock', { advance: ms });
    },
    close: () => ended(child),
  };
}

/** The first line a child prints; rejects when it ends before that. */
export function firstLine(child: ChildProcess, who: string): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) =>
      reject(new Error(`${who} ended with status ${code} before it said anything`)),
    );
    if (child.stdout !== null) createInterface(child.stdout).once('line', resolve);
  });
}

/** Ends a child by ending its standard input. */
function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null) {
      resolve();
      return;
    }
    child.once('exit', () => resolve());
    child.stdin?.end();
  });
}
