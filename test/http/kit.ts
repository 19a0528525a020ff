import type { Status } from '../../src/http/status.ts';
import type { StoredRun } from '../../src/store/port.ts';
import type { RunSummary } from '../../src/sync/summary.ts';

export const EVIL = '<img src=x onerror="document.title=1">';

export function summary(change: Partial<RunSummary> = {}): RunSummary {
  return {
    run: 'r1',
    seconds: 4.2,
    connections: {
      hubspot: { seen: 1200, applied: 1200, ignored: {}, failed: 0, requests: 20, rateLimited: 0 },
    },
    subjects: { person: 40, account: 5, ambiguous: 2 },
    stages: {},
    bands: {},
    transitions: 40,
    corrected: 0,
    writes: {
      records: 30,
      fields: 90,
      unchanged: 0,
      failed: 0,
      manualEdits: 0,
      unreadable: 0,
    } as RunSummary['writes'],
    problems: [{ connection: null, code: 'crm_credentials', exit: 3, message: 'HubSpot refused the token' }],
    held: null,
    reconciled: {},
    guard: null,
    paused: [],
    budgets: {},
    ...change,
  };
}

/** A page with something of everything, and markup wherever a text comes from outside. */
export function status(): Status {
  const run = {
    id: 'r1',
    kind: 'sync',
    status: 'partial',
    started: Date.UTC(2026, 10, 21, 9),
    ended: Date.UTC(2026, 10, 21, 9) + 4_200,
    summary: summary(),
    error: EVIL,
  } as unknown as StoredRun;
  return {
    connections: [
      {
        id: 'hubspot',
        label: EVIL,
        account: EVIL,
        schedule: EVIL,
        writeMode: 'apply',
        checkedAt: Date.UTC(2026, 10, 21, 9),
        problem: EVIL,
        records: 1200,
      },
    ],
    runs: [run],
    journeys: [
      {
        name: 'people',
        label: EVIL,
        subject: 'person',
        stages: [
          { name: 'awareness', label: EVIL, count: 10, offPath: false },
          { name: 'retention', label: 'Retention', count: 30, offPath: false },
        ],
        bands: [{ name: EVIL, label: 'Green', count: 3, offPath: false }],
      },
    ],
    ambiguous: 2,
    mappingProblem: EVIL,
  };
}
