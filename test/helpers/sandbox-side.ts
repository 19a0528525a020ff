import type { RequestReport, Sandbox } from '../../src/sandbox/port.ts';
import type { CrmSide } from '../contracts/connector.ts';

/** The control routes of a sandbox as the contract suite needs them. `isLive` reads the sandbox's own record. */
export function sandboxSide(
  sandbox: Sandbox,
  isLive: (record: Readonly<Record<string, unknown>>) => boolean,
): CrmSide {
  const get = async (path: string): Promise<unknown> => {
    const answer = await fetch(`${sandbox.url}/__sandbox/${path}`);
    if (!answer.ok) throw new Error(`GET ${path} answered ${answer.status}: ${await answer.text()}`);
    return answer.json();
  };
  const post = async (path: string, body: unknown): Promise<void> => {
    const answer = await fetch(`${sandbox.url}/__sandbox/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`POST ${path} answered ${answer.status}: ${await answer.text()}`);
    await answer.arrayBuffer();
  };
  return {
    liveIds: async (type) => {
      const { records } = (await get(`records?type=${encodeURIComponent(type)}`)) as {
        readonly records: readonly Readonly<Record<string, unknown>>[];
      };
      return records.filter(isLive).map((record) => String(record['id'] ?? record['Id']));
    },
    edit: (type, id, properties) => post('edit', { type, id, properties }),
    remove: (type, id) => post('delete', { type, id }),
    settle: (ms) => post('clock', { advance: ms }),
    overLimit: async () => ((await get('requests')) as RequestReport).refused,
  };
}
