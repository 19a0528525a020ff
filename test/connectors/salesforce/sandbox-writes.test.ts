import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startOrg, type TestOrg, V67 } from './sandbox-org.ts';

let org: TestOrg;
let contact = '';
let other = '';
let lead = '';
let account = '';

beforeAll(async () => {
  org = await startOrg();
});
afterAll(() => org.close());
beforeEach(async () => {
  await org.control('reset', {});
  const make = async (type: string, properties: Record<string, unknown>): Promise<string> =>
    (await org.control('create', { type, properties })).body.id;
  account = await make('Account', { Name: 'Writes Ltd' });
  contact = await make('Contact', { LastName: 'Writer', Email: 'writer@zz.example', AccountId: account });
  other = await make('Contact', { LastName: 'Other' });
  lead = await make('Lead', { LastName: 'Leader', Company: 'Writes Ltd' });
});

const patch = (type: string, id: string, fields: unknown, headers?: Record<string, string>) =>
  org.call('PATCH', `${V67}/sobjects/${type}/${id}`, fields, headers);
const create = (type: string, fields: unknown, headers?: Record<string, string>) =>
  org.call('POST', `${V67}/sobjects/${type}`, fields, headers);
const many = (method: string, records: readonly unknown[], allOrNone = false) =>
  org.call(method, `${V67}/composite/sobjects`, { allOrNone, records });
const row = (type: string, id: string, fields: Record<string, unknown>) => ({
  attributes: { type },
  id,
  ...fields,
});
const recordOf = async (type: string, id: string) =>
  (await org.call('GET', `${V67}/sobjects/${type}/${id}`)).body;

describe('single records', () => {
  test('create, read, update and delete', async () => {
    const made = await create('Contact', {
      FirstName: 'Ana',
      LastName: '"Ño\\n" <b>é😀',
      HasOptedOutOfEmail: true,
    });
    expect(made).toMatchObject({
      status: 201,
      body: { id: expect.stringMatching(/^003/), success: true, errors: [] },
    });
    const { id } = made.body;
    const read = await recordOf('Contact', id);
    expect(read).toMatchObject({
      attributes: { type: 'Contact', url: `${V67}/sobjects/Contact/${id}` },
      Name: 'Ana "Ño\\n" <b>é😀',
      HasOptedOutOfEmail: true,
      IsDeleted: false,
      CreatedDate: '2026-10-15T12:00:00.000+0000',
    });
    await org.control('clock', { advance: 5_000 });
    expect((await patch('Contact', id, { Title: 'CTO', FirstName: null })).status).toBe(204);
    const changed = (
      await org.call('GET', `${V67}/sobjects/Contact/${id}?fields=Title,Name,SystemModstamp,LastModifiedById`)
    ).body;
    expect(changed).toMatchObject({
      Title: 'CTO',
      Name: '"Ño\\n" <b>é😀',
      SystemModstamp: '2026-10-15T12:00:05.000+0000',
    });
    const user = (await org.records("SELECT Id FROM User WHERE Name = 'Integration User'"))[0];
    expect(changed.LastModifiedById).toBe(user.Id);
    expect((await org.call('DELETE', `${V67}/sobjects/Contact/${id}`)).status).toBe(204);
    expect(await org.call('GET', `${V67}/sobjects/Contact/${id}`)).toMatchObject({
      status: 404,
      body: [{ errorCode: 'ENTITY_IS_DELETED', message: 'entity is deleted' }],
    });
    expect(await patch('Contact', id, { Title: 'x' })).toMatchObject({
      status: 404,
      body: [{ errorCode: 'ENTITY_IS_DELETED' }],
    });
    const writes = (await org.call('GET', '/__sandbox/writes')).body.writes;
    expect(writes.filter((one: { id: string }) => one.id === id)).toContainEqual({
      at: Date.UTC(2026, 9, 15, 12, 0, 5),
      by: 'integration',
      type: 'Contact',
      id,
      field: 'Title',
      old: null,
      new: 'CTO',
    });
  });

  test('a write that changes nothing still moves the stamp', async () => {
    await org.control('clock', { advance: 9_000 });
    await patch('Contact', contact, { LastName: 'Writer' });
    expect((await recordOf('Contact', contact)).SystemModstamp).toBe('2026-10-15T12:00:09.000+0000');
  });

  const refusals: readonly (readonly [string, () => Promise<unknown>, number, string, string])[] = [
    [
      'unknown column',
      () => patch('Contact', contact, { Nope__c: 1 }),
      400,
      'INVALID_FIELD',
      "No such column 'Nope__c' on sobject of type Contact",
    ],
    [
      'a name like __proto__',
      () => org.call('PATCH', `${V67}/sobjects/Contact/${contact}`, '{"__proto__": 1}'),
      400,
      'INVALID_FIELD',
      "No such column '__proto__'",
    ],
    [
      'system field',
      () => patch('Contact', contact, { CreatedDate: '2026-01-01T00:00:00Z' }),
      400,
      'INVALID_FIELD_FOR_INSERT_UPDATE',
      'Unable to create/update fields: CreatedDate',
    ],
    [
      'derived field',
      () => patch('Contact', contact, { Name: 'x' }),
      400,
      'INVALID_FIELD_FOR_INSERT_UPDATE',
      'Unable to create/update fields: Name',
    ],
    [
      'id in the body',
      () => patch('Contact', contact, { Id: contact }),
      400,
      'INVALID_FIELD',
      'The Id field should not be specified in the sobject data.',
    ],
    [
      'too long',
      () => patch('Contact', contact, { Title: 'x'.repeat(129) }),
      400,
      'STRING_TOO_LONG',
      '(max length=128)',
    ],
    [
      'wrong type',
      () => patch('Contact', contact, { HasOptedOutOfEmail: 'maybe' }),
      400,
      'INVALID_TYPE_ON_FIELD_IN_RECORD',
      'Email Opt Out: value not of required type: maybe',
    ],
    [
      'number for text',
      () => patch('Contact', contact, { Title: 5 }),
      400,
      'INVALID_TYPE_ON_FIELD_IN_RECORD',
      'Title: value not of required type: 5',
    ],
    [
      'text for number',
      () => patch('Account', account, { NumberOfEmployees: 'many' }),
      400,
      'INVALID_TYPE_ON_FIELD_IN_RECORD',
      'Employees',
    ],
    [
      'huge number',
      () => patch('Account', account, { NumberOfEmployees: 3e9 }),
      400,
      'NUMBER_OUTSIDE_VALID_RANGE',
      'value outside of valid range',
    ],
    [
      'impossible day',
      () => patch('Account', account, { Renewal_Date__c: '2026-02-30' }),
      400,
      'INVALID_TYPE_ON_FIELD_IN_RECORD',
      '2026-02-30',
    ],
    [
      'e-mail',
      () => patch('Contact', contact, { Email: 'nobody' }),
      400,
      'INVALID_EMAIL_ADDRESS',
      'Email: invalid email address: nobody',
    ],
    [
      'restricted picklist',
      () => create('Task', { CallType: 'Sideways' }),
      400,
      'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST',
      'bad value for restricted picklist field: Sideways',
    ],
    [
      'missing',
      () => create('Contact', { FirstName: 'x' }),
      400,
      'REQUIRED_FIELD_MISSING',
      'Required fields are missing: [LastName]',
    ],
    [
      'cleared',
      () => patch('Contact', contact, { LastName: '' }),
      400,
      'REQUIRED_FIELD_MISSING',
      '[LastName]',
    ],
    [
      'reference of a wrong kind',
      () => patch('Contact', contact, { AccountId: contact }),
      400,
      'MALFORMED_ID',
      'id value of incorrect type',
    ],
    [
      'reference to nothing',
      () => patch('Contact', contact, { AccountId: '0018v0000000zzz' }),
      400,
      'INVALID_CROSS_REFERENCE_KEY',
      'invalid cross reference id',
    ],
    [
      'duplicate',
      () => create('Contact', { LastName: 'Twin', Email: 'WRITER@zz.example' }),
      400,
      'DUPLICATES_DETECTED',
      'Use one of these records?',
    ],
    [
      'duplicate by update',
      () => patch('Contact', other, { Email: 'writer@zz.example' }),
      400,
      'DUPLICATES_DETECTED',
      'Use one of these records?',
    ],
    [
      'unknown id',
      () => patch('Contact', '0038v0000000zzz', { Title: 'x' }),
      404,
      'NOT_FOUND',
      'The requested resource does not exist',
    ],
    [
      'no id',
      () => patch('Contact', 'abc', { Title: 'x' }),
      404,
      'NOT_FOUND',
      'Provided external ID field does not exist or is not accessible: abc',
    ],
    [
      'unknown object',
      () => create('Nope__c', {}),
      404,
      'NOT_FOUND',
      'The requested resource does not exist',
    ],
    [
      'read-only object',
      () => create('OpportunityHistory', {}),
      400,
      'CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY',
      'entity type cannot be inserted',
    ],
    [
      'no JSON',
      () => org.call('PATCH', `${V67}/sobjects/Contact/${contact}`, '{"Title":'),
      400,
      'JSON_PARSER_ERROR',
      '',
    ],
    ['a list', () => patch('Contact', contact, []), 400, 'JSON_PARSER_ERROR', ''],
    [
      'no JSON type',
      () => patch('Contact', contact, '{}', { 'content-type': 'text/plain' }),
      415,
      'UNSUPPORTED_MEDIA_TYPE',
      '',
    ],
    [
      'unknown field on read',
      () => org.call('GET', `${V67}/sobjects/Contact/${contact}?fields=Nope`),
      400,
      'INVALID_FIELD',
      "No such column 'Nope'",
    ],
    [
      'account with cases',
      async () => {
        await org.control('create', { type: 'Case', properties: { AccountId: account } });
        return org.call('DELETE', `${V67}/sobjects/Account/${account}`);
      },
      400,
      'DELETE_FAILED',
      'associated with the following cases',
    ],
  ];
  test.each(refusals)('refuses: %s', async (_name, act, status, errorCode, message) => {
    expect(await act()).toMatchObject({
      status,
      body: [{ errorCode, message: expect.stringContaining(message) }],
    });
  });

  test('allowSave passes the duplicate rule', async () => {
    const header = { 'sforce-duplicate-rule-header': 'allowSave=true; includeRecordDetails=false' };
    expect((await create('Contact', { LastName: 'Twin', Email: 'writer@zz.example' }, header)).status).toBe(
      201,
    );
    expect((await patch('Contact', other, { Email: 'writer@zz.example' }, header)).status).toBe(204);
    // Other fields of a record that already has a twin are nobody's business.
    expect((await patch('Contact', other, { Title: 'x' })).status).toBe(204);
  });

  test('assignment rules take leads and cases, unless told not to; headers are kept', async () => {
    const owner = async () => (await recordOf('Lead', lead)).OwnerId;
    const before = await owner();
    await patch(
      'Lead',
      lead,
      { Title: 'a' },
      { 'sforce-auto-assign': 'FALSE', 'sforce-call-options': 'client=Test' },
    );
    expect(await owner()).toBe(before);
    await patch('Lead', lead, { Title: 'b' });
    expect(await owner()).not.toBe(before);
    const { requests } = (await org.call('GET', '/__sandbox/write-headers')).body;
    const route = 'PATCH /services/data/:version/sobjects/:type/:id';
    expect(requests).toEqual([
      { route, autoAssign: 'FALSE', duplicateRule: null, callOptions: 'client=Test' },
      { route, autoAssign: null, duplicateRule: null, callOptions: null },
    ]);
  });

  test('conditional requests', async () => {
    const before = { 'if-unmodified-since': new Date(Date.UTC(2026, 9, 15, 11)).toUTCString() };
    expect((await patch('Contact', contact, { Title: 'x' }, before)).status).toBe(412);
    const same = { 'if-unmodified-since': new Date(Date.UTC(2026, 9, 15, 12)).toUTCString() };
    expect((await patch('Contact', contact, { Title: 'x' }, same)).status).toBe(204);
    const since = { 'if-modified-since': new Date(Date.UTC(2026, 9, 15, 12)).toUTCString() };
    expect((await org.call('GET', `${V67}/sobjects/Contact/${contact}`, undefined, since)).status).toBe(304);
  });

  test('upsert by external id: created, updated, ambiguous, unknown field', async () => {
    const path = `${V67}/sobjects/Contact/HubSpot_Contact_Id__c/zz-1`;
    const made = await org.call('PATCH', path, { LastName: 'Upserted' });
    expect(made).toMatchObject({ status: 201, body: { success: true, created: true, errors: [] } });
    expect(await org.call('PATCH', path, { Title: 'again' })).toMatchObject({
      status: 200,
      body: { id: made.body.id, created: false },
    });
    expect((await org.call('GET', path)).body).toMatchObject({ Id: made.body.id, Title: 'again' });
    expect((await org.call('PATCH', path, { HubSpot_Contact_Id__c: 'x' })).body[0].errorCode).toBe(
      'INVALID_FIELD',
    );
    await patch('Contact', other, { HubSpot_Contact_Id__c: 'zz-1' });
    const many_ = await org.call('PATCH', path, { Title: 'x' });
    expect(many_.status).toBe(300);
    expect(many_.body.sort()).toEqual(
      [`${V67}/sobjects/Contact/${made.body.id}`, `${V67}/sobjects/Contact/${other}`].sort(),
    );
    expect(await org.call('PATCH', `${V67}/sobjects/Contact/Title/x`, {})).toMatchObject({
      status: 404,
      body: [
        {
          errorCode: 'NOT_FOUND',
          message: 'Provided external ID field does not exist or is not accessible: Title',
        },
      ],
    });
    expect((await org.call('GET', `${V67}/sobjects/Contact/HubSpot_Contact_Id__c/none`)).status).toBe(404);
  });
});

describe('collections', () => {
  test('results come row by row in order; refused rows leave the others alone', async () => {
    const gone = (await org.control('create', { type: 'Contact', properties: { LastName: 'Gone' } })).body.id;
    await org.control('delete', { type: 'Contact', id: gone });
    await org.control('convert', { id: lead, account });
    await org.control('refuse', {
      id: other,
      code: 'FIELD_CUSTOM_VALIDATION_EXCEPTION',
      message: 'No Fridays.',
      fields: ['Title'],
    });
    const { status, body } = await many('PATCH', [
      row('Contact', contact, { Title: 'fine' }),
      row('Contact', other, { Title: 'refused' }),
      row('Contact', gone, { Title: 'deleted' }),
      row('Contact', contact.slice(0, 15), { Title: 'y'.repeat(200) }),
      row('Contact', '0038v0000000zzz', { Title: 'unknown' }),
      row('Contact', account, { Title: 'wrong type' }),
      row('Lead', lead, { Title: 'converted' }),
      { attributes: { type: 'Contact' }, Title: 'no id' },
      row('Account', account, { Type: 'Customer' }),
    ]);
    expect(status).toBe(200);
    const failed = (statusCode: string, fields: readonly string[] = []) => ({
      success: false,
      errors: [{ statusCode, message: expect.any(String), fields }],
    });
    expect(body).toEqual([
      { id: contact, success: true, errors: [] },
      {
        success: false,
        errors: [
          { statusCode: 'FIELD_CUSTOM_VALIDATION_EXCEPTION', message: 'No Fridays.', fields: ['Title'] },
        ],
      },
      failed('ENTITY_IS_DELETED'),
      failed('STRING_TOO_LONG', ['Title']),
      failed('INVALID_CROSS_REFERENCE_KEY'),
      failed('MALFORMED_ID', ['Id']),
      failed('CANNOT_UPDATE_CONVERTED_LEAD'),
      failed('MISSING_ARGUMENT'),
      { id: account, success: true, errors: [] },
    ]);
    expect((await recordOf('Contact', contact)).Title).toBe('fine');
  });

  test('a lock lasts as often as it is told', async () => {
    await org.control('refuse', {
      id: other,
      code: 'UNABLE_TO_LOCK_ROW',
      message: 'unable to obtain exclusive access to this record',
      times: 2,
    });
    const attempt = async () => (await many('PATCH', [row('Contact', other, { Title: 'x' })])).body[0];
    expect((await attempt()).errors[0].statusCode).toBe('UNABLE_TO_LOCK_ROW');
    expect((await attempt()).success).toBe(false);
    expect((await attempt()).success).toBe(true);
  });

  test('allOrNone takes everything back', async () => {
    const before = await recordOf('Contact', contact);
    await org.control('clock', { advance: 1_000 });
    const { body } = await many(
      'PATCH',
      [row('Contact', contact, { Title: 'a' }), row('Contact', other, { Email: 'bad' })],
      true,
    );
    expect(body.map((one: { errors: { statusCode: string }[] }) => one.errors[0]?.statusCode)).toEqual([
      'ALL_OR_NONE_OPERATION_ROLLED_BACK',
      'INVALID_EMAIL_ADDRESS',
    ]);
    expect(await recordOf('Contact', contact)).toEqual(before);
    const { writes } = (await org.call('GET', '/__sandbox/writes')).body;
    expect(writes.filter((one: { new: unknown }) => one.new === 'a')).toEqual([]);
  });

  test('at most 200 rows and 10 changes of type', async () => {
    const rows = Array.from({ length: 201 }, () => row('Contact', contact, { Title: 'x' }));
    expect(await many('PATCH', rows)).toMatchObject({
      status: 400,
      body: [
        {
          errorCode: 'EXCEEDED_ID_LIMIT',
          message: 'record limit reached. cannot submit more than 200 records into this call',
        },
      ],
    });
    expect((await many('PATCH', rows.slice(1))).body).toHaveLength(200);
    const mixed = Array.from({ length: 11 }, (_, index) =>
      index % 2 === 0 ? row('Contact', contact, {}) : row('Account', account, {}),
    );
    expect((await many('PATCH', mixed)).body[0].message).toContain('Cannot have more than 10 chunks');
    expect((await many('PATCH', mixed.slice(1))).status).toBe(200);
  });

  test('an unknown field refuses the request, or by option its row', async () => {
    const rows = [row('Contact', contact, { Title: 'x' }), row('Contact', other, { Nope__c: 1 })];
    expect(await many('PATCH', rows)).toMatchObject({ status: 400, body: [{ errorCode: 'INVALID_FIELD' }] });
    expect((await recordOf('Contact', contact)).Title).toBeNull();
    const lenient = await startOrg({ unknownField: 'row' });
    try {
      const [one] = await lenient.records('SELECT Id FROM Contact LIMIT 1');
      const answer = await lenient.call('PATCH', `${V67}/composite/sobjects`, {
        records: [row('Contact', one.Id, { Nope__c: 1 }), row('Contact', one.Id, { Title: 'x' })],
      });
      expect(answer.body).toMatchObject([
        { success: false, errors: [{ statusCode: 'INVALID_FIELD' }] },
        { success: true },
      ]);
    } finally {
      await lenient.close();
    }
  });

  test('bodies that are no collection', async () => {
    const send = (body: unknown) => org.call('PATCH', `${V67}/composite/sobjects`, body);
    expect((await send({ records: 'x' })).body[0].errorCode).toBe('JSON_PARSER_ERROR');
    expect((await send({ records: [], extra: 1 })).body[0].errorCode).toBe('JSON_PARSER_ERROR');
    expect((await send({ records: [{ id: contact }] })).body[0].errorCode).toBe('INVALID_TYPE');
    expect((await send({ records: [row('Nope', contact, {})] })).body[0].errorCode).toBe('INVALID_TYPE');
  });

  test('create, upsert, retrieve and delete', async () => {
    const made = await many('POST', [
      { attributes: { type: 'Contact' }, LastName: 'One', HubSpot_Contact_Id__c: 'zz-9' },
      { attributes: { type: 'Contact' }, FirstName: 'nameless' },
    ]);
    expect(made.body).toMatchObject([
      { success: true },
      { success: false, errors: [{ statusCode: 'REQUIRED_FIELD_MISSING' }] },
    ]);
    const upserted = await org.call('PATCH', `${V67}/composite/sobjects/Contact/HubSpot_Contact_Id__c`, {
      records: [
        { attributes: { type: 'Contact' }, HubSpot_Contact_Id__c: 'zz-9', Title: 'CIO' },
        { attributes: { type: 'Contact' }, HubSpot_Contact_Id__c: 'zz-10', LastName: 'Two' },
        { attributes: { type: 'Contact' }, LastName: 'no key' },
      ],
    });
    const first = made.body[0].id;
    expect(upserted.body).toMatchObject([
      { id: first, success: true, created: false },
      { success: true, created: true },
      { success: false, errors: [{ statusCode: 'MISSING_ARGUMENT' }] },
    ]);
    const found = await org.call('POST', `${V67}/composite/sobjects/Contact`, {
      ids: [first, '0038v0000000zzz'],
      fields: ['Title', 'LastName'],
    });
    expect(found.body).toMatchObject([{ Title: 'CIO', LastName: 'One' }, null]);
    const removed = await org.call(
      'DELETE',
      `${V67}/composite/sobjects?ids=${first},${first},nonsense&allOrNone=false`,
    );
    expect(removed.body).toMatchObject([
      { id: first, success: true },
      { success: false, errors: [{ statusCode: 'ENTITY_IS_DELETED' }] },
      { success: false, errors: [{ statusCode: 'MALFORMED_ID' }] },
    ]);
    expect((await org.call('GET', `${V67}/composite/sobjects/Contact?ids=${first}&fields=Id`)).body).toEqual([
      null,
    ]);
  });
});
