import { createHash } from 'node:crypto';
import type { Session } from '../session.ts';
import { ownFieldNames } from '../write/outputs.ts';

/** Moves when the same rules and records begin to give other answers. */
const WAY_OF_JUDGING = 1;

/**
 * What every answer depends on besides the records: rules, field maps, connections, what the CRMs tell of their
 * pipelines, and which of our fields can be read and written there. While it stays the same, only subjects about
 * which something changed can have another answer (J15).
 */
export async function basisOf({ options }: Session): Promise<string> {
  const { store, connections, mappings, unlink, manualEdits } = options;
  const stored = new Map((await store.connections.list()).map(({ id, discovery }) => [id, discovery]));
  const parts = [
    WAY_OF_JUDGING,
    mappings.map(({ name, subject, version, timezone }) => [name, subject, version, timezone]),
    connections.map(({ id, connector, fieldMap, objects }) => {
      const discovery = stored.get(id) ?? null;
      const own = connector.capabilities.objectTypes.map(({ name }) => {
        const shown = discovery?.objects[name]?.fields ?? {};
        return ownFieldNames(mappings, connector, name).map((field) => [
          field,
          Object.hasOwn(shown, field) && shown[field]?.writable === true,
        ]);
      });
      return [id, connector.id, fieldMap, objects, discovery?.stages, discovery?.homeCurrency ?? null, own];
    }),
    unlink,
    manualEdits,
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
