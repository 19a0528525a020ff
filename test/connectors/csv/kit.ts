import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { csv } from '../../../connectors/csv/index.ts';
import type {
  Connection,
  ConnectionConfig,
  ConnectionContext,
  Connector,
  Discovery,
  Page,
} from '../../../src/connector/port.ts';
import type { ConnectionId, CrmRecord } from '../../../src/model/record.ts';
import type { CrmSide } from '../../contracts/connector.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { type KeptLog, keptLog } from '../../helpers/hubspot.ts';

/** A folder for one test. */
export interface TestFolder {
  readonly path: string;
  write(file: string, content: string | Buffer): void;
  text(file: string): string;
  bytes(file: string): Buffer;
  remove(): void;
}

export function testFolder(files: Readonly<Record<string, string | Buffer>> = {}): TestFolder {
  const path = mkdtempSync(join(tmpdir(), 'waystage-csv-'));
  const write = (file: string, content: string | Buffer): void => writeFileSync(join(path, file), content);
  for (const [file, content] of Object.entries(files)) write(file, content);
  return {
    path,
    write,
    text: (file) => readFileSync(join(path, file), 'utf8'),
    bytes: (file) => readFileSync(join(path, file)),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

export function csvConfig(folder: string, changes: Partial<ConnectionConfig> = {}): ConnectionConfig {
  return {
    id: 'files' as ConnectionId,
    connector: 'csv',
    auth: { kind: 'none' },
    sandbox: false,
    settings: { folder },
    ...changes,
  };
}

export function openCsv(
  folder: string,
  connector: Connector = csv,
  context: Partial<ConnectionContext> = {},
): Connection & { readonly logged: KeptLog['lines'] } {
  const { lines, log } = keptLog();
  const connection = connector.open(csvConfig(folder), {
    clock: new FakeClock(),
    random: () => 0.5,
    signal: new AbortController().signal,
    log,
    ...context,
  });
  return Object.defineProperty(connection, 'logged', { value: lines }) as Connection & {
    readonly logged: KeptLog['lines'];
  };
}

const NO_DISCOVERY: Discovery = { homeCurrency: null, objects: {}, stages: [], recordUrl: null };

export async function pullPages(
  connection: Connection,
  type: string,
  fields: readonly string[] = [],
  cursor: string | null = null,
): Promise<readonly Page[]> {
  const pages: Page[] = [];
  for await (const page of connection.pull({ type, fields, cursor, discovery: NO_DISCOVERY }))
    pages.push(page);
  return pages;
}

/** All of a pull in one. */
export async function pullAll(
  connection: Connection,
  type: string,
  fields: readonly string[] = [],
  cursor: string | null = null,
): Promise<{
  readonly records: readonly CrmRecord[];
  readonly failed: Page['failed'];
  readonly cursor: string;
}> {
  const pages = await pullPages(connection, type, fields, cursor);
  return {
    records: pages.flatMap((page) => page.records),
    failed: pages.flatMap((page) => page.failed),
    cursor: pages.at(-1)?.cursor ?? '',
  };
}

/** A second, simple CSV reader, so that the connector's own is not its judge. */
export function parseCsv(text: string, delimiter = ','): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  const end = (): void => {
    row.push(cell);
    cell = '';
  };
  for (let i = 0; i < text.length; i += 1) {
    const char = text[i];
    if (quoted) {
      if (char !== '"') cell += char;
      else if (text[i + 1] === '"') {
        cell += '"';
        i += 1;
      } else quoted = false;
    } else if (char === '"' && cell === '') quoted = true;
    else if (char === delimiter) end();
    else if (char === '\n') {
      end();
      rows.push(row);
      row = [];
    } else if (char !== '\r') cell += char;
  }
  if (cell !== '' || row.length > 0) {
    end();
    rows.push(row);
  }
  return rows;
}

export function formatCsv(rows: readonly (readonly string[])[], delimiter = ',', newline = '\n'): string {
  const cellOf = (text: string): string =>
    /[",;\t|\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  return rows.map((row) => `${row.map(cellOf).join(delimiter)}${newline}`).join('');
}

/** The folder as people see it in a spreadsheet. They do not look after `modified`. */
export function folderSide(folder: TestFolder): CrmSide {
  const table = (type: string): string[][] => parseCsv(folder.text(`${type}.csv`));
  const save = (type: string, rows: readonly (readonly string[])[]): void =>
    folder.write(`${type}.csv`, formatCsv(rows));
  return {
    liveIds: async (type) =>
      table(type)
        .slice(1)
        .map((row) => row[0] ?? ''),
    edit: async (type, id, fields) => {
      const rows = table(type);
      const header = rows[0] ?? [];
      const row = rows.find((one) => one[0] === id);
      if (row === undefined) throw new Error(`no row ${id}`);
      for (const [name, value] of Object.entries(fields)) {
        const at = header.findIndex((cell) => cell.split(':')[0] === name);
        if (at < 0) throw new Error(`no column ${name}`);
        row[at] = String(value ?? '');
      }
      save(type, rows);
    },
    remove: async (type, id) => {
      save(
        type,
        table(type).filter((row) => row[0] !== id),
      );
    },
    settle: async () => undefined,
    overLimit: async () => 0,
  };
}
