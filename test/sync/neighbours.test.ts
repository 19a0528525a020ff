import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Connection, Page } from '../../src/connector/port.ts';
import type { ConnectionId, CrmRecord } from '../../src/model/record.ts';
import type { Store } from '../../src/store/port.ts';
import { type Company, NOW, startCompany } from '../helpers/company.ts';
import { but, expectAccounted, runWith } from './kit.ts';

const HOUR = 3_600_000;
const PAGES = 12;
const PAGE = 100;

/** Settles when it is opened; fails instead of hanging when that never happens. */
function gate(what: string): { readonly open: () => void; readonly passed: Promise<void> } {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what} was held up by its neighbour`)), 15_000);
    open = () => {
      clearTimeout(timer);
      resolve();
    };
  });
  return { open, passed };
}

function person(n: number): CrmRecord {
  return {
    connection: 'hubspot' as ConnectionId,
    type: 'contacts',
    id: String(9_000_000 + n),
    fields: { firstname: 'Many', lastname: `Number ${n}`, email: `many.${n}@crowd.example` },
    created: NOW - HOUR,
    modified: NOW - HOUR,
    state: 'live',
    successor: null,
    mergedIds: [],
    associations: {},
  };
}

describe('F39: a very large account beside a small one (I7)', () => {
  let company: Company;
  beforeAll(async () => {
    company = await startCompany({ contacts: 16 });
  });
  afterAll(() => company.close());

  test('F39: is not waited for when there is something to write to the small one', async () => {
    const small = gate('Writing to the small account');
    let waiting = 0;
    const slow = (connection: Connection): Connection =>
      connection.id === 'hubspot'
        ? but(connection, {
            push: async (type, writes) => {
              waiting += 1;
              await small.passed;
              return connection.push(type, writes);
            },
          })
        : but(connection, {
            push: async (type, writes) => {
              const results = await connection.push(type, writes);
              if (type === 'Account') small.open();
              return results;
            },
          });
    const { summary } = await runWith(company, {}, slow);
    expect(waiting).toBeGreaterThan(0);
    expect(summary.connections['salesforce']?.failed).toBe(0);
    expect(summary.writes.records).toBeGreaterThan(0);
  });

  test('F39: is read page by page: no page is asked for before the one before is stored, and the small one is through long before', async () => {
    const small = gate('The small account');
    const wanted = new Set<string>();
    let [handed, stored, most] = [0, 0, 0];
    async function* pages(): AsyncGenerator<Page> {
      for (let page = 0; page < PAGES; page += 1) {
        // As an answer over the network: others get their turn.
        await new Promise((resolve) => setImmediate(resolve));
        if (page === PAGES - 1) await small.passed;
        handed += 1;
        most = Math.max(most, handed - stored);
        const records = Array.from({ length: PAGE }, (_, n) => person(page * PAGE + n));
        yield { records, failed: [], cursor: `p${page}`, done: page === PAGES - 1, total: PAGES * PAGE };
      }
    }
    const { store } = company.app;
    const watched = watch(store, (commit) => {
      if (commit.connection === 'hubspot' && commit.type === 'contacts') stored += 1;
      else if (commit.connection === 'salesforce' && commit.checkpoint?.complete === true) {
        wanted.delete(commit.type);
        if (wanted.size === 0) small.open();
      }
    });
    const skewed = (connection: Connection): Connection =>
      connection.id === 'hubspot'
        ? but(connection, {
            pull: (request) => (request.type === 'contacts' ? pages() : connection.pull(request)),
          })
        : but(connection, {
            pull: (request) => {
              wanted.add(request.type);
              return connection.pull(request);
            },
          });
    const { summary } = await runWith(company, { kind: 'pull', store: watched, full: true }, skewed);
    expectAccounted(summary);
    expect(summary.problems).toEqual([]);
    expect(summary.connections['hubspot']?.applied).toBeGreaterThanOrEqual(PAGES * PAGE);
    expect([handed, stored]).toEqual([PAGES, PAGES]);
    expect(most).toBe(1);
  });
});

function watch(store: Store, seen: (commit: Parameters<Store['records']['commitPage']>[0]) => void): Store {
  const records = new Proxy(store.records, {
    get(target, name) {
      if (name === 'commitPage')
        return async (...args: Parameters<Store['records']['commitPage']>) => {
          await target.commitPage(...args);
          seen(args[0]);
        };
      const value = Reflect.get(target, name, target) as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return new Proxy(store, {
    get: (target, name) => (name === 'records' ? records : Reflect.get(target, name, target)),
  });
}
