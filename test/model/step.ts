import type { Failpoint } from '../../src/sync/session.ts';
import type { Crm } from '../helpers/company.ts';

/** One thing that happens. Records are picked by number among those that are alive when it happens. */
export type Step =
  | {
      readonly do: 'edit';
      readonly crm: Crm;
      readonly type: string;
      readonly pick: number;
      readonly field: string;
      readonly value: Value;
    }
  | {
      readonly do: 'create';
      readonly crm: Crm;
      readonly type: string;
      readonly pick: number;
      readonly values: Readonly<Record<string, Value>>;
      readonly to: string;
    }
  | {
      readonly do: 'merge';
      readonly crm: Crm;
      readonly type: string;
      readonly pick: number;
      readonly other: number;
    }
  | {
      readonly do: 'delete';
      readonly crm: Crm;
      readonly type: string;
      readonly pick: number;
      readonly purge: boolean;
    }
  | { readonly do: 'undelete'; readonly type: string; readonly pick: number }
  | {
      readonly do: 'associate';
      readonly crm: Crm;
      readonly type: string;
      readonly pick: number;
      readonly to: string;
      readonly other: number;
      readonly how: 'plain' | 'primary' | 'remove';
    }
  | { readonly do: 'convert'; readonly pick: number; readonly account: number; readonly opportunity: boolean }
  | { readonly do: 'restamp'; readonly crm: Crm; readonly round: number }
  | { readonly do: 'clock'; readonly ms: number }
  | { readonly do: 'fault'; readonly crm: Crm; readonly fault: Readonly<Record<string, unknown>> }
  | { readonly do: 'heal' }
  | { readonly do: 'kill'; readonly after: number; readonly point: Failpoint; readonly hit: number }
  | { readonly do: 'sync'; readonly full: boolean }
  | {
      readonly do: 'edit-during-sync';
      readonly point: Failpoint;
      readonly hit: number;
      readonly edit: Extract<Step, { do: 'edit' }>;
    };

export type Value = string | number | boolean | null;
