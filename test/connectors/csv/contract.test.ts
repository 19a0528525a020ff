import { createCsv } from '../../../connectors/csv/index.ts';
import { connectorContract } from '../../contracts/connector.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { csvConfig, folderSide, formatCsv, testFolder } from './kit.ts';

const day = (n: number): string => new Date(Date.UTC(2026, 0, 1 + n)).toISOString().slice(0, 10);
const count = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i + 1));

function files(): Readonly<Record<string, string>> {
  const table = (header: string, rows: readonly (readonly string[])[]): string =>
    formatCsv([header.split(','), ...rows]);
  return {
    'people.csv': table(
      'id,email,name,country,opted_out:boolean,created,modified,account_id,account_ids',
      count(60, (i) => [
        `p${i}`,
        `person${i}@example.com`,
        i % 7 === 0 ? '' : `Person "${i}", of; many | names`,
        i % 2 === 0 ? 'DE' : 'FR',
        i % 3 === 0 ? 'yes' : 'false',
        day(i),
        `${day(i + 30)}T09:00:00+02:00`,
        i % 5 === 0 ? '' : `a${(i % 20) + 1}`,
        i % 4 === 0 ? 'a1;a2' : '',
      ]),
    ),
    'accounts.csv': table(
      'id,name,domain,employees:number,renewal:date,created,modified',
      count(25, (i) => [`a${i}`, `Account ${i}`, `example${i}.com`, `${i * 10}`, day(i), day(i), day(i)]),
    ),
    'deals.csv': table(
      'id,name,stage:enum(open|won|lost),amount:number,close_date:date,created,modified,account_id,person_ids',
      count(15, (i) => [
        `d${i}`,
        `Deal ${i}`,
        ['open', 'won', 'lost'][i % 3] ?? '',
        `${i}.50`,
        day(i + 9),
        day(i),
        day(i),
        `a${i}`,
        `p${i};p${i + 1}`,
      ]),
    ),
    'tickets.csv': table(
      'id,subject,status,priority:enum(low|medium|high|urgent),created,modified,person_id',
      count(9, (i) => [`t${i}`, `Ticket ${i}\nwith a second line`, 'open', 'high', day(i), day(i), `p${i}`]),
    ),
    'touchpoints.csv': table(
      'id,at:datetime,channel,created,modified,person_ids,deal_id',
      count(30, (i) => [`x${i}`, `${day(i)} 14:30`, 'call', day(i), day(i), `p${i}`, `d${i % 15}`]),
    ),
    // Without stamps: the file's own has to do.
    'surveys.csv': table(
      'id,at:datetime,type,score:number,person_id',
      count(8, (i) => [`s${i}`, day(i), 'nps', '9', `p${i}`]),
    ),
    'stages.csv': table('id,type,means,label,probability', [
      ['open', 'deals', 'open', 'Open', '0.4'],
      ['won', 'deals', 'won', 'Won', ''],
      ['lost', 'deals', 'lost', 'Lost', ''],
      ['open', 'tickets', 'open', 'Open', ''],
    ]),
  };
}

connectorContract('CSV folder', async () => {
  const folder = testFolder(files());
  return {
    connector: createCsv({ pageSize: 7 }),
    config: csvConfig(folder.path),
    clock: new FakeClock(),
    fields: {
      people: ['email', 'name', 'country', 'opted_out'],
      accounts: ['name', 'domain', 'employees', 'renewal'],
      deals: ['name', 'stage', 'amount', 'close_date'],
      tickets: ['subject', 'status', 'priority'],
      touchpoints: ['at', 'channel'],
      surveys: ['at', 'type', 'score'],
    },
    editable: { type: 'people', field: 'name' },
    crm: folderSide(folder),
    close: async () => folder.remove(),
  };
});
