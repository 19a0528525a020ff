import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A CRM behind which some records are not visible yet: they are left out of every list and every count. */
export interface HidingProxy {
  readonly url: string;
  /** Ids that are left out. */
  readonly hidden: Set<string>;
  close(): Promise<void>;
}

export async function startHidingProxy(target: string): Promise<HidingProxy> {
  const hidden = new Set<string>();
  const server = createServer(async (message, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const headers = new Headers();
    for (const name of ['authorization', 'content-type', 'accept', 'sforce-query-options'])
      if (typeof message.headers[name] === 'string') headers.set(name, message.headers[name]);
    const answer = await fetch(`${target}${message.url ?? '/'}`, {
      method: message.method ?? 'GET',
      headers,
      ...(body.length === 0 ? {} : { body }),
    });
    const text = await answer.text();
    response.writeHead(answer.status, {
      'content-type': answer.headers.get('content-type') ?? 'application/json',
      date: answer.headers.get('date') ?? '',
    });
    response.end(answer.headers.get('content-type')?.includes('json') ? without(text, hidden) : text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hidden,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function without(text: string, hidden: ReadonlySet<string>): string {
  if (hidden.size === 0 || text === '') return text;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the CRM says
  const json: any = JSON.parse(text);
  for (const [list, count] of [
    ['results', 'total'],
    ['records', 'totalSize'],
  ] as const) {
    if (!Array.isArray(json?.[list])) continue;
    const kept = json[list].filter(
      (row: { id?: string; Id?: string }) => !hidden.has(row.id ?? row.Id ?? ''),
    );
    if (typeof json[count] === 'number') json[count] -= json[list].length - kept.length;
    json[list] = kept;
  }
  return JSON.stringify(json);
}
