import { type ConnectionId, type CrmRecord, type RecordKey, recordKeyText } from '../../model/record.ts';
import type { Store } from '../../store/port.ts';

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
  return {
    async load(keys) {
      const missing = keys.filter((key) => !asked.has(recordKeyText(key)));
      for (const key of missing) asked.add(recordKeyText(key));
      for (const { connection, type, ids } of byType(missing)) {
        for (const record of (await store.records.get(connection, type, ids)).values()) {
          records.set(recordKeyText(record), record);
        }
      }
    },
    get: (key) => records.get(recordKeyText(key)),
    async pointingTo(keys) {
      const found = new Map<string, CrmRecord>();
      for (const { connection, type, ids } of byType(keys)) {
        for (const record of await store.records.pointingTo(connection, type, ids)) {
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

/** The ids of each type, each once. */
export function byType(
  keys: readonly RecordKey[],
): readonly { readonly connection: ConnectionId; readonly type: string; readonly ids: readonly string[] }[] {
  const groups = new Map<string, { connection: ConnectionId; type: string; ids: Set<string> }>();
  for (const { connection, type, id } of keys) {
    const name = `${connection}\n${type}`;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, { connection, type, ids: new Set([id]) });
    else group.ids.add(id);
  }
  return [...groups.values()].map((group) => ({ ...group, ids: [...group.ids] }));
}
