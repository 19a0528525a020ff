import { type ConnectionId, type CrmRecord, type RecordKey, recordKeyText } from '../model/record.ts';
import type { Store } from '../store/port.ts';

/** Records of one chunk of subjects, loaded from the store at most once each. */
export interface RecordCache {
  load(keys: readonly RecordKey[]): Promise<void>;
  get(key: RecordKey): CrmRecord | undefined;
  /** Loads and gives the records that hold an association to one of these, by the key they point to. */
  pointingTo(keys: readonly RecordKey[]): Promise<readonly CrmRecord[]>;
}

export function createRecordCache(store: Store): RecordCache {
  const records = new Map<string, CrmRecord>();
  const asked = new Set<string>();
  const byType = (
    keys: readonly RecordKey[],
  ): Map<string, { connection: ConnectionId; type: string; ids: string[] }> => {
    const groups = new Map<string, { connection: ConnectionId; type: string; ids: string[] }>();
    for (const key of keys) {
      const name = `${key.connection}\n${key.type}`;
      const group = groups.get(name);
      if (group === undefined)
        groups.set(name, { connection: key.connection, type: key.type, ids: [key.id] });
      else group.ids.push(key.id);
    }
    return groups;
  };
  return {
    async load(keys) {
      const missing = keys.filter((key) => !asked.has(recordKeyText(key)));
      for (const key of missing) asked.add(recordKeyText(key));
      for (const { connection, type, ids } of byType(missing).values()) {
        for (const record of (await store.records.get(connection, type, [...new Set(ids)])).values()) {
          records.set(recordKeyText(record), record);
        }
      }
    },
    get: (key) => records.get(recordKeyText(key)),
    async pointingTo(keys) {
      const found = new Map<string, CrmRecord>();
      for (const { connection, type, ids } of byType(keys).values()) {
        for (const record of await store.records.pointingTo(connection, type, [...new Set(ids)])) {
          const key = recordKeyText(record);
          asked.add(key);
          if (!records.has(key)) records.set(key, record);
          found.set(key, records.get(key) ?? record);
        }
      }
      return [...found.values()];
    },
  };
}
