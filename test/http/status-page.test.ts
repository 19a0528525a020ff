import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { statusPage } from '../../src/http/page.ts';
import { runProblems, runWords } from '../../src/http/run-words.ts';
import { startWeb, type Web } from '../../src/http/server.ts';
import { systemClock } from '../../src/model/clock.ts';
import type { Store, StoredRun } from '../../src/store/port.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { EVIL, status, summary } from './kit.ts';

function stored(change: Partial<StoredRun>): StoredRun {
  return { ...(status().runs[0] as StoredRun), ...change };
}

describe('the page', () => {
  test('escapes every text that comes from a CRM or a file', () => {
    const html = statusPage(status(), Date.UTC(2026, 10, 21), 'UTC');
    expect(html).not.toContain('<img');
    expect(html.split('&#60;img').length).toBeGreaterThan(6);
    expect(html).not.toContain('<script');
    expect(html).not.toMatch(/ style=| on\w+=(?!&)/);
  });

  test('shows bars with numbers and shares, the ambiguous ones, the last run in words', () => {
    const html = statusPage(status(), Date.UTC(2026, 10, 21), 'UTC');
    expect(html).toMatch(/Retention<\/th><td class="number">30<\/td><td class="number">75%/);
    expect(html).toContain('2 records could belong to several');
    expect(html).toContain('Read 1,200 records. 40 stages changed, 90 fields on 30 records written.');
    expect(html).toContain('HubSpot refused the token');
  });

  test('says of a run what it did, by its kind and end', () => {
    expect(runWords(stored({ status: 'running', summary: null }))).toBe('It is under way.');
    expect(runWords(stored({ status: 'failed', summary: null, error: 'The disk is full.' }))).toBe(
      'The disk is full.',
    );
    expect(runWords(stored({ kind: 'plan', summary: summary({ transitions: 0 }) }))).toBe(
      'Read 1,200 records. No stage would change.',
    );
    expect(runWords(stored({ kind: 'pull' }))).toBe('Read 1,200 records.');
    expect(runWords(stored({ summary: summary({ held: 'Held: half the facts.' }) }))).toContain('Held: half');
    expect(runProblems(stored({ summary: null, error: 'x' }))).toEqual([]);
    const problems = Array.from({ length: 9 }, (_, index) => ({
      ...summary().problems[0]!,
      message: `p${index}`,
    }));
    expect(runProblems(stored({ summary: summary({ problems }), error: null }))).toEqual([
      'p0',
      'p1',
      'p2',
      'p3',
      'p4',
      '… and 4 more: waystage run r1',
    ]);
  });
});

describe('the server', () => {
  let store: Store;
  let web: Web;
  beforeAll(async () => {
    store = await openSqliteStore(':memory:');
    web = await startWeb({
      store,
      clock: systemClock,
      timezone: 'UTC',
      host: '127.0.0.1',
      port: 0,
      connections: [],
      journeys: () => [],
      mappingProblem: () => `<img src=x onerror=${EVIL}>`,
    });
  });
  afterAll(async () => {
    await web.close();
    await store.close();
  });

  test('sends a page that may load nothing but its own style and is kept by nobody', async () => {
    const answer = await fetch(web.url);
    expect(answer.status).toBe(200);
    const policy = answer.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    expect(answer.headers.get('x-powered-by')).toBeNull();
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await answer.text()).toContain('No connection yet');
  });

  test('answers the health checks, and 404 elsewhere', async () => {
    expect(await (await fetch(`${web.url}/healthz`)).json()).toEqual({ status: 'ok' });
    expect((await fetch(`${web.url}/readyz`)).status).toBe(200);
    expect((await fetch(`${web.url}/nothing`)).status).toBe(404);
    expect((await fetch(web.url, { method: 'POST' })).status).toBe(404);
  });

  test('a taken port is a wrong use that names the port', async () => {
    const port = Number(new URL(web.url).port);
    await expect(
      startWeb({
        store,
        clock: systemClock,
        timezone: 'UTC',
        host: '127.0.0.1',
        port,
        connections: [],
        journeys: () => [],
        mappingProblem: () => null,
      }),
    ).rejects.toThrow(`Port ${port} is already in use`);
  });
});
