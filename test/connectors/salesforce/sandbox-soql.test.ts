import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startOrg, type TestOrg, V67 } from './sandbox-org.ts';

let org: TestOrg;
const ids: Record<string, string> = {};

beforeAll(async () => {
  org = await startOrg();
  const make = async (name: string, type: string, properties: Record<string, unknown>): Promise<void> => {
    const answer = await org.control('create', { type, properties });
    expect(answer.body).toEqual({ id: expect.any(String) });
    ids[name] = answer.body.id;
  };
  await make('acme', 'Account', { Name: 'Zz Acme', NumberOfEmployees: 10, Renewal_Date__c: '2026-10-15' });
  await make('empty', 'Account', { Name: 'Zz Empty' });
  await make('big', 'Account', {
    Name: "Zz O'Neil 100%",
    NumberOfEmployees: 500,
    Renewal_Date__c: '2026-12-01',
  });
  await make('anna', 'Contact', { LastName: 'Zzanna', Title: 'CEO', AccountId: ids['acme'] });
  await make('bob', 'Contact', { LastName: 'Zzbob', Title: 'a_b', AccountId: ids['acme'] });
  await make('carl', 'Contact', { LastName: 'Zzcarl', Email: 'carl@zz.example', AccountId: ids['big'] });
  await make('deal', 'Opportunity', {
    Name: 'Zz deal',
    StageName: 'Qualification',
    CloseDate: '2026-11-01',
    AccountId: ids['acme'],
    Amount: 100,
  });
  await org.control('associate', {
    type: 'Opportunity',
    id: ids['deal'],
    toType: 'Contact',
    toId: ids['anna'],
    primary: true,
    label: 'Decision Maker',
  });
  await make('task', 'Task', {
    Subject: 'Zz call',
    WhoId: ids['anna'],
    WhatId: ids['deal'],
    Status: 'Completed',
  });
});
afterAll(() => org.close());

const names = async (where: string, from = 'Contact'): Promise<string[]> => {
  const records = await org.records(
    `SELECT Name FROM ${from} WHERE Name LIKE 'Zz%' AND (${where}) ORDER BY Name`,
  );
  return records.map((one) => one.Name);
};

describe('where', () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ["LastName = 'ZZANNA'", ['Zzanna']],
    ["Title != 'CEO'", ['Zzbob', 'Zzcarl']],
    ['Title = null', ['Zzcarl']],
    ["Title = ''", ['Zzcarl']],
    ['Title != null', ['Zzanna', 'Zzbob']],
    ["Title LIKE 'a\\\\_b'", ['Zzbob']],
    ["Title LIKE '_e_'", ['Zzanna']],
    ["NOT Title LIKE '%e%'", ['Zzbob', 'Zzcarl']],
    ["Title IN ('ceo', 'A_B')", ['Zzanna', 'Zzbob']],
    ["Title NOT IN ('ceo')", ['Zzbob', 'Zzcarl']],
    ["Title = 'CEO' OR (Title = null AND Email LIKE '%@zz.example')", ['Zzanna', 'Zzcarl']],
    ["Account.Name = 'Zz Acme' AND (NOT Title = 'CEO')", ['Zzbob']],
    ['CreatedDate = TODAY', ['Zzanna', 'Zzbob', 'Zzcarl']],
    ['CreatedDate = LAST_N_DAYS:0', ['Zzanna', 'Zzbob', 'Zzcarl']],
    ['CreatedDate < TODAY', []],
    ['CreatedDate > LAST_WEEK', ['Zzanna', 'Zzbob', 'Zzcarl']],
    ['HasOptedOutOfEmail = FALSE', ['Zzanna', 'Zzbob', 'Zzcarl']],
    ["Id IN (SELECT ContactId FROM OpportunityContactRole WHERE Role = 'Decision Maker')", ['Zzanna']],
  ];
  test.each(cases)('%s', async (where, expected) => {
    const soql = where.startsWith('Id IN')
      ? (await org.records(`SELECT Name FROM Contact WHERE Name LIKE 'Zz%' AND ${where}`)).map(
          (one) => one.Name,
        )
      : await names(where.replace('\\\\', '\\'));
    expect(soql).toEqual(expected);
  });

  test('numbers, dates and empty values', async () => {
    expect(await names('NumberOfEmployees > 10', 'Account')).toEqual(["Zz O'Neil 100%"]);
    expect(await names('NumberOfEmployees >= 10', 'Account')).toEqual(['Zz Acme', "Zz O'Neil 100%"]);
    expect(await names('NumberOfEmployees < 10', 'Account')).toEqual([]);
    expect(await names('NumberOfEmployees != 10', 'Account')).toEqual(['Zz Empty', "Zz O'Neil 100%"]);
    expect(await names('Renewal_Date__c = TODAY', 'Account')).toEqual(['Zz Acme']);
    expect(await names('Renewal_Date__c > 2026-10-15', 'Account')).toEqual(["Zz O'Neil 100%"]);
    expect(await names('Renewal_Date__c = NEXT_N_DAYS:60', 'Account')).toEqual(["Zz O'Neil 100%"]);
    expect(await names("Name = 'Zz O\\'Neil 100%'", 'Account')).toEqual(["Zz O'Neil 100%"]);
    expect(await names("Name LIKE 'Zz O%100\\%'", 'Account')).toEqual(["Zz O'Neil 100%"]);
  });

  test('stamps are compared by the second', async () => {
    const [anna] = await org.records(`SELECT SystemModstamp FROM Contact WHERE Id = '${ids['anna']}'`);
    expect(anna.SystemModstamp).toBe('2026-10-15T12:00:00.000+0000');
    const exact = async (text: string) =>
      (await org.query(`SELECT count() FROM Contact WHERE Id = '${ids['anna']}' AND SystemModstamp ${text}`))
        .body.totalSize;
    expect(await exact('= 2026-10-15T12:00:00Z')).toBe(1);
    expect(await exact('= 2026-10-15T12:00:00.900Z')).toBe(1);
    expect(await exact('> 2026-10-15T12:00:00Z')).toBe(0);
    expect(await exact('>= 2026-10-15T14:00:00+02:00')).toBe(1);
  });

  test('ids compare by their 15 characters, with regard to case', async () => {
    const id = ids['anna']!;
    const count = async (value: string) =>
      (await org.query(`SELECT count() FROM Contact WHERE Id = '${value}'`)).body.totalSize;
    expect(await count(id)).toBe(1);
    expect(await count(id.slice(0, 15))).toBe(1);
    expect(
      (await org.query(`SELECT Id FROM Contact WHERE Id = '${id.slice(0, 15)}AAB'`)).body[0].errorCode,
    ).toBe('INVALID_QUERY_FILTER_OPERATOR');
  });
});

describe('select', () => {
  test('parents, children and polymorphic parents', async () => {
    const [task] = await org.records(
      `SELECT Id, who.name, Who.Type, What.Type, Owner.Name, Account.Name FROM Task WHERE Id = '${ids['task']}'`,
    );
    expect(task.Who).toEqual({
      attributes: { type: 'Name', url: `${V67}/sobjects/Contact/${ids['anna']}` },
      Name: 'Zzanna',
      Type: 'Contact',
    });
    expect(task.What.Type).toBe('Opportunity');
    expect(task.Account).toMatchObject({ attributes: { type: 'Account' }, Name: 'Zz Acme' });
    expect(task.Owner.Name).toEqual(expect.any(String));
    const [deal] = await org.records(
      `SELECT Name, (SELECT Contact.Name, Role, IsPrimary FROM OpportunityContactRoles WHERE IsPrimary = TRUE), (SELECT Id FROM Events) FROM Opportunity WHERE Id = '${ids['deal']}'`,
    );
    expect(deal.OpportunityContactRoles).toMatchObject({
      totalSize: 1,
      done: true,
      records: [{ Role: 'Decision Maker', IsPrimary: true, Contact: { Name: 'Zzanna' } }],
    });
    expect(deal.Events).toBeNull();
  });

  test('an alias, names in any case, and FIELDS with a limit', async () => {
    const [row] = await org.records(
      `select c.lastname, c.ACCOUNT.name from contact c where c.id = '${ids['bob']}'`,
    );
    expect(row).toMatchObject({ LastName: 'Zzbob', Account: { Name: 'Zz Acme' } });
    const [all] = await org.records(`SELECT FIELDS(ALL) FROM Contact WHERE Id = '${ids['bob']}' LIMIT 200`);
    expect(all).toMatchObject({ Title: 'a_b', HubSpot_Contact_Id__c: null });
  });

  test('counts and groups', async () => {
    const where = "WHERE Name LIKE 'Zz%'";
    expect((await org.query(`SELECT COUNT() FROM Contact ${where}`)).body).toEqual({
      totalSize: 3,
      done: true,
      records: [],
    });
    expect(await org.records(`SELECT COUNT(Title), COUNT_DISTINCT(AccountId) FROM Contact ${where}`)).toEqual(
      [{ attributes: { type: 'AggregateResult' }, expr0: 2, expr1: 2 }],
    );
    expect(
      await org.records(
        `SELECT Account.Name, COUNT(Id) n, MIN(LastName), MAX(CreatedDate) FROM Contact ${where} GROUP BY Account.Name ORDER BY Account.Name DESC`,
      ),
    ).toEqual([
      expect.objectContaining({ Name: "Zz O'Neil 100%", n: 1, expr0: 'Zzcarl' }),
      expect.objectContaining({
        Name: 'Zz Acme',
        n: 2,
        expr0: 'Zzanna',
        expr1: '2026-10-15T12:00:00.000+0000',
      }),
    ]);
    expect(
      await org.records("SELECT SUM(Amount), AVG(Amount) FROM Opportunity WHERE Name = 'Zz deal'"),
    ).toEqual([expect.objectContaining({ expr0: 100, expr1: 100 })]);
  });

  test('order with empty values, several keys, limit and offset', async () => {
    const order = async (text: string) =>
      (await org.records(`SELECT Name FROM Account WHERE Name LIKE 'Zz%' ORDER BY ${text}`)).map(
        (one) => one.Name,
      );
    expect(await order('NumberOfEmployees')).toEqual(['Zz Empty', 'Zz Acme', "Zz O'Neil 100%"]);
    expect(await order('NumberOfEmployees DESC NULLS LAST')).toEqual([
      "Zz O'Neil 100%",
      'Zz Acme',
      'Zz Empty',
    ]);
    expect(await order('NumberOfEmployees ASC NULLS LAST LIMIT 1')).toEqual(['Zz Acme']);
    expect(await order('CreatedDate, Name DESC LIMIT 2 OFFSET 1')).toEqual(['Zz Empty', 'Zz Acme']);
  });

  test('a keyset over stamp and id gives every row once', async () => {
    const all = await org.records('SELECT Id FROM Task ORDER BY SystemModstamp, Id', 'queryAll');
    const seen: string[] = [];
    let where = '';
    for (;;) {
      const page = await org.records(
        `SELECT Id, SystemModstamp FROM Task ${where} ORDER BY SystemModstamp, Id LIMIT 20`,
        'queryAll',
      );
      if (page.length === 0) break;
      seen.push(...page.map((one) => one.Id));
      const last = page[page.length - 1]!;
      const at = last.SystemModstamp.replace('.000+0000', 'Z');
      where = `WHERE SystemModstamp > ${at} OR (SystemModstamp = ${at} AND Id > '${last.Id}')`;
    }
    expect(seen).toEqual(all.map((one) => one.Id));
    expect(new Set(seen).size).toBe(seen.length);
  });
});

describe('refusals', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    [
      'SELECT Id, Foo FROM Contact',
      'INVALID_FIELD',
      "ERROR at Row:1:Column:12\nNo such column 'Foo' on entity 'Contact'.",
    ],
    ['SELECT Id FROM Foo', 'INVALID_TYPE', "sObject type 'Foo' is not supported."],
    ['SELECT Id FROM CustomField', 'INVALID_TYPE', "sObject type 'CustomField' is not supported."],
    ['SELECT Id FROM Contact WHERE', 'MALFORMED_QUERY', "unexpected token: '<EOF>'"],
    ['SELECT Id Contact', 'MALFORMED_QUERY', 'unexpected token'],
    ['SELECT FROM Contact', 'MALFORMED_QUERY', "unexpected token: 'FROM'"],
    ['SELECT * FROM Contact', 'MALFORMED_QUERY', "unexpected token: '*'"],
    ['SELECT Id FROM Contact; DROP', 'MALFORMED_QUERY', "unexpected token: ';'"],
    [
      "SELECT Id FROM Contact WHERE Title = 'a' AND Email = 'b' OR Email = 'c'",
      'MALFORMED_QUERY',
      "unexpected token: 'OR'",
    ],
    [
      "SELECT Id FROM Contact WHERE Title = 'a' AND NOT Email = 'b'",
      'MALFORMED_QUERY',
      "unexpected token: 'NOT'",
    ],
    ["SELECT Id FROM Contact WHERE Title = 'a", 'MALFORMED_QUERY', 'mismatched character'],
    ["SELECT Id FROM Contact WHERE Title = '\\z'", 'MALFORMED_QUERY', 'Illegal escape sequence'],
    [
      "SELECT Id FROM Contact WHERE CreatedDate > '2026-01-01T00:00:00Z'",
      'INVALID_FIELD',
      'must be of type dateTime and should not be enclosed in quotes',
    ],
    ['SELECT Id FROM Contact WHERE CreatedDate > 2026-01-01', 'INVALID_FIELD', 'must be of type dateTime'],
    ['SELECT Id FROM Contact WHERE CreatedDate > 2026-01-01T00:00:00', 'MALFORMED_QUERY', 'unexpected token'],
    [
      'SELECT Id FROM Contact WHERE CreatedDate = LAST_N_DAYS',
      'MALFORMED_QUERY',
      "unexpected token: 'LAST_N_DAYS'",
    ],
    [
      'SELECT Id FROM Account WHERE Renewal_Date__c > 2026-01-01T00:00:00Z',
      'INVALID_FIELD',
      'must be of type date ',
    ],
    ['SELECT Id FROM Account WHERE Renewal_Date__c = 2026-02-30', 'MALFORMED_QUERY', 'Invalid date'],
    [
      'SELECT Id FROM Contact WHERE Title = 5',
      'INVALID_FIELD',
      'must be of type string and should be enclosed in quotes',
    ],
    [
      "SELECT Id FROM Account WHERE NumberOfEmployees = '5'",
      'INVALID_FIELD',
      'must be of type int and should not',
    ],
    ["SELECT Id FROM Contact WHERE IsDeleted = 'x'", 'INVALID_FIELD', 'must be of type boolean'],
    [
      'SELECT Id FROM Contact WHERE IsDeleted > TRUE',
      'INVALID_QUERY_FILTER_OPERATOR',
      'invalid operator on boolean field',
    ],
    [
      "SELECT Id FROM Contact WHERE Id LIKE '003%'",
      'INVALID_QUERY_FILTER_OPERATOR',
      'invalid operator on id field',
    ],
    ["SELECT Id FROM Contact WHERE Id = 'abc'", 'INVALID_QUERY_FILTER_OPERATOR', 'invalid ID field: abc'],
    [
      "SELECT Id FROM Contact WHERE Description = 'x'",
      'INVALID_FIELD',
      "field 'Description' can not be filtered in a query call",
    ],
    ['SELECT Id FROM Contact ORDER BY Description', 'INVALID_FIELD', 'can not be sorted in a query call'],
    [
      'SELECT Id FROM Contact WHERE Nope.Name = null',
      'INVALID_FIELD',
      "Didn't understand relationship 'Nope' in field path.",
    ],
    [
      'SELECT Id, (SELECT Id FROM Nopes) FROM Contact',
      'INVALID_TYPE',
      "Didn't understand relationship 'Nopes' in FROM part of query call.",
    ],
    ['SELECT Id, Id FROM Contact', 'INVALID_FIELD', 'duplicate field selected: Id'],
    ['SELECT Id x FROM Contact', 'MALFORMED_QUERY', 'only aggregate expressions use field aliasing'],
    [
      'SELECT FIELDS(ALL) FROM Contact',
      'MALFORMED_QUERY',
      'The SOQL FIELDS function must have a LIMIT of at most 200',
    ],
    ['SELECT FIELDS(ALL) FROM Contact LIMIT 201', 'MALFORMED_QUERY', 'at most 200'],
    ['SELECT COUNT(), Id FROM Contact', 'MALFORMED_QUERY', 'COUNT() must be the only element'],
    ['SELECT Title, COUNT(Id) FROM Contact', 'MALFORMED_QUERY', 'Field must be grouped or aggregated: Title'],
    ['SELECT COUNT(Id) FROM Contact GROUP BY CreatedDate', 'INVALID_FIELD', 'can not be grouped'],
    ['SELECT SUM(Title) FROM Contact', 'INVALID_FIELD', 'does not support aggregate operator SUM'],
    [
      'SELECT Title, COUNT(Id) FROM Contact GROUP BY Title ORDER BY Name',
      'MALFORMED_QUERY',
      'Ordered field must be grouped',
    ],
    ['SELECT Id FROM Contact LIMIT -1', 'MALFORMED_QUERY', 'unexpected token'],
    [
      'SELECT Id FROM Contact LIMIT 1 OFFSET 2001',
      'NUMBER_OUTSIDE_VALID_RANGE',
      'Maximum SOQL offset allowed is 2000',
    ],
    ['SELECT toLabel(Title) FROM Contact', 'MALFORMED_QUERY', "unexpected token: 'toLabel('"],
    ['SELECT Id FROM Contact HAVING COUNT(Id) > 1', 'MALFORMED_QUERY', "unexpected token: 'HAVING'"],
    ['SELECT Id FROM Contact FOR UPDATE', 'MALFORMED_QUERY', "unexpected token: 'FOR'"],
    ['SELECT Id FROM Contact, Account', 'MALFORMED_QUERY', "unexpected token: ','"],
    [
      "SELECT Id FROM Contact WHERE Title = 'a' OR Id IN (SELECT ContactId FROM Case)",
      'MALFORMED_QUERY',
      'Semi join sub-selects are only allowed at the top level',
    ],
    ['SELECT Id FROM Contact WHERE Id IN (SELECT Subject FROM Case)', 'MALFORMED_QUERY', 'Semi join'],
    ['SELECT Id FROM Opportunity WHERE StageName = $x', 'MALFORMED_QUERY', "unexpected token: '$'"],
    ['', 'MALFORMED_QUERY', 'A query string has to be specified'],
  ];
  test.each(cases)('%s', async (soql, code, message) => {
    const answer = await org.query(soql);
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual([{ errorCode: code, message: expect.stringContaining(message) }]);
  });

  test('a LIKE pattern full of wildcards costs no time', async () => {
    // Backtracking would not come back before the test's own time is up.
    const answer = await org.query(`SELECT Id FROM Contact WHERE Title LIKE '${'%a'.repeat(60)}%b'`);
    expect(answer.status).toBe(200);
  });
});
