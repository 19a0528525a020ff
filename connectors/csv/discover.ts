import type { ConnectionConfig, DiscoveredObject, Discovery, FieldInfo } from '../../src/connector/port.ts';
import { isWaystageError } from '../../src/model/errors.ts';
import type { Folder } from './folder.ts';
import type { Column } from './header.ts';
import { typeOf } from './mapper.ts';
import { type CsvType, csvTypeOf, isReserved } from './schema.ts';
import { readStages } from './stages.ts';
import { readHeader } from './table.ts';

const NOTHING: DiscoveredObject = { readable: false, fields: {} };

/** The columns of the files and the stages. A file that is missing or has no usable header is not readable; pulling it
 *  says why. Throws for a wrong `stages.csv`. */
export async function discover(
  folder: Folder,
  config: ConnectionConfig,
  types: readonly string[],
): Promise<Discovery> {
  const objects: Record<string, DiscoveredObject> = Object.create(null);
  for (const type of types) objects[type] = await describe(folder, csvTypeOf(type));
  const currency = config.settings?.['currency'];
  return {
    homeCurrency: typeof currency === 'string' ? currency : null,
    objects,
    stages: await readStages(folder),
    recordUrl: null,
  };
}

async function describe(folder: Folder, type: CsvType): Promise<DiscoveredObject> {
  const file = await folder.open(type.file, 'meta');
  if (file === null) return NOTHING;
  try {
    const header = await readHeader(file);
    const fields: Record<string, FieldInfo> = Object.create(null);
    for (const column of header.columns) {
      if (column.isField) fields[column.name] = fieldOf(type, column);
    }
    return { readable: true, fields };
  } catch (error) {
    if (!isWaystageError(error) || error.code !== 'crm_bad_answer') throw error;
    folder.context.log.warn({ file: type.file }, 'a CSV file has no usable header');
    return NOTHING;
  } finally {
    await file.close();
  }
}

function fieldOf(type: CsvType, column: Column): FieldInfo {
  const options = column.options.map((value) => ({ value, label: value }));
  return {
    name: column.name,
    label: column.label,
    type: typeOf(column) ?? 'text',
    ...(options.length === 0 ? {} : { options }),
    writable: !isReserved(type, column.name),
    calculated: false,
  };
}
