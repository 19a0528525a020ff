import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { readXml, toData, XmlError } from '../../../connectors/salesforce/sandbox/xml.ts';
import { startOrg, type TestOrg, V67 } from './sandbox-org.ts';

let org: TestOrg;
beforeAll(async () => {
  org = await startOrg();
});
afterAll(() => org.close());
beforeEach(async () => {
  await org.control('reset', {});
});

const TEXT = { type: 'Text', label: 'Stage', length: 80 };
const addField = (FullName: unknown, Metadata: unknown) =>
  org.call('POST', `${V67}/tooling/sobjects/CustomField`, { FullName, Metadata });
const tooling = (soql: string) => org.call('GET', `${V67}/tooling/query?q=${encodeURIComponent(soql)}`);
const create = (type: string, fields: unknown) => org.call('POST', `${V67}/sobjects/${type}`, fields);

describe('a new field', () => {
  test('is invisible until a permission set of the user grants it', async () => {
    const made = await addField('Contact.Waystage_Stage__c', TEXT);
    expect(made).toMatchObject({
      status: 201,
      body: { id: expect.stringMatching(/^00N/), success: true, errors: [] },
    });
    const visible = async () => {
      const { body } = await org.call('GET', `${V67}/sobjects/Contact/describe`);
      return body.fields.find((field: { name: string }) => field.name === 'Waystage_Stage__c');
    };
    const select = () => org.query('SELECT Waystage_Stage__c FROM Contact LIMIT 1');
    expect(await visible()).toBeUndefined();
    expect((await select()).body[0].errorCode).toBe('INVALID_FIELD');

    const set = (await create('PermissionSet', { Name: 'Waystage', Label: 'Waystage' })).body.id;
    const grant = { ParentId: set, SobjectType: 'Contact', Field: 'Contact.Waystage_Stage__c' };
    const permission = await create('FieldPermissions', {
      ...grant,
      PermissionsRead: true,
      PermissionsEdit: false,
    });
    expect(permission.status).toBe(201);
    expect(await visible()).toBeUndefined();
    const [user] = await org.records("SELECT Id FROM User WHERE Name = 'Integration User'");
    const assignment = { PermissionSetId: set, AssigneeId: user.Id };
    expect((await create('PermissionSetAssignment', assignment)).status).toBe(201);
    expect(await visible()).toMatchObject({ type: 'string', length: 80, label: 'Stage', updateable: false });
    expect((await select()).status).toBe(200);

    const [contact] = await org.records('SELECT Id FROM Contact LIMIT 1');
    const write = () =>
      org.call('PATCH', `${V67}/sobjects/Contact/${contact.Id}`, { Waystage_Stage__c: 'Trial' });
    expect((await write()).body[0].errorCode).toBe('INVALID_FIELD_FOR_INSERT_UPDATE');
    await org.call('PATCH', `${V67}/sobjects/FieldPermissions/${permission.body.id}`, {
      PermissionsEdit: true,
    });
    expect((await write()).status).toBe(204);
    expect(await org.records("SELECT Id FROM Contact WHERE Waystage_Stage__c = 'trial'")).toHaveLength(1);

    expect((await create('PermissionSetAssignment', assignment)).body[0].errorCode).toBe('DUPLICATE_VALUE');
    expect((await create('FieldPermissions', { ...grant, PermissionsRead: true })).body[0].errorCode).toBe(
      'DUPLICATE_VALUE',
    );
    expect((await create('PermissionSet', { Name: 'waystage', Label: 'x' })).body[0].errorCode).toBe(
      'DUPLICATE_DEVELOPER_NAME',
    );
    expect((await create('PermissionSet', { Name: 'a b', Label: 'x' })).body[0].errorCode).toBe(
      'FIELD_INTEGRITY_EXCEPTION',
    );
    expect(
      (await create('FieldPermissions', { ...grant, Field: 'Contact.Nope__c', PermissionsRead: true }))
        .body[0],
    ).toMatchObject({
      errorCode: 'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST',
      message: 'Field Name: bad value for restricted picklist field: Contact.Nope__c',
    });
    expect(
      (await create('FieldPermissions', { ...grant, Field: 'Contact.LastName', PermissionsRead: true }))
        .status,
    ).toBe(400);
    expect(
      (await create('FieldPermissions', { ...grant, Field: 'Contact.Title', PermissionsEdit: true })).body[0]
        .errorCode,
    ).toBe('FIELD_INTEGRITY_EXCEPTION');

    expect((await org.call('DELETE', `${V67}/tooling/sobjects/CustomField/${made.body.id}`)).status).toBe(
      204,
    );
    expect((await select()).body[0].errorCode).toBe('INVALID_FIELD');
    expect(
      await org.records("SELECT Id FROM FieldPermissions WHERE Field = 'Contact.Waystage_Stage__c'"),
    ).toEqual([]);
  });

  const refusals: readonly (readonly [string, unknown, unknown, string, string])[] = [
    [
      'twice',
      'Contact.HubSpot_Contact_Id__c',
      TEXT,
      'DUPLICATE_DEVELOPER_NAME',
      'There is already a field named HubSpot_Contact_Id on Contact.',
    ],
    ['no name', undefined, TEXT, 'REQUIRED_FIELD_MISSING', '[FullName]'],
    [
      'no such object',
      'Nope.X__c',
      TEXT,
      'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST',
      'Entity Enumeration Or ID',
    ],
    ['no __c', 'Contact.Stage', TEXT, 'FIELD_INTEGRITY_EXCEPTION', 'API Name'],
    ['two underscores', 'Contact.A__B__c', TEXT, 'FIELD_INTEGRITY_EXCEPTION', 'API Name'],
    ['no type', 'Contact.X__c', { label: 'x' }, 'FIELD_INTEGRITY_EXCEPTION', "Field type ''"],
    [
      'odd type',
      'Contact.X__c',
      { type: 'constructor', label: 'x' },
      'FIELD_INTEGRITY_EXCEPTION',
      "Field type 'constructor'",
    ],
    ['no label', 'Contact.X__c', { type: 'Date' }, 'REQUIRED_FIELD_MISSING', '[Label]'],
    ['long label', 'Contact.X__c', { type: 'Date', label: 'x'.repeat(41) }, 'STRING_TOO_LONG', 'Label'],
    [
      'text without length',
      'Contact.X__c',
      { type: 'Text', label: 'x' },
      'FIELD_INTEGRITY_EXCEPTION',
      "Must specify 'length' for a CustomField of type Text",
    ],
    [
      'text too long',
      'Contact.X__c',
      { type: 'Text', label: 'x', length: 256 },
      'FIELD_INTEGRITY_EXCEPTION',
      'length',
    ],
    [
      'number without scale',
      'Contact.X__c',
      { type: 'Number', label: 'x', precision: 3 },
      'FIELD_INTEGRITY_EXCEPTION',
      "Must specify 'scale'",
    ],
    [
      'picklist without values',
      'Contact.X__c',
      { type: 'Picklist', label: 'x' },
      'FIELD_INTEGRITY_EXCEPTION',
      'valueSet',
    ],
    [
      'checkbox without default',
      'Contact.X__c',
      { type: 'Checkbox', label: 'x' },
      'FIELD_INTEGRITY_EXCEPTION',
      'defaultValue',
    ],
    ['unknown key', 'Contact.X__c', { ...TEXT, colour: 'red' }, 'INVALID_FIELD', "No such column 'colour'"],
  ];
  test.each(refusals)('is refused: %s', async (_name, fullName, metadata, errorCode, message) => {
    expect(await addField(fullName, metadata)).toMatchObject({
      status: 400,
      body: [{ errorCode, message: expect.stringContaining(message) }],
    });
  });

  test('can be found, read and changed', async () => {
    const valueSet = {
      restricted: true,
      valueSetDefinition: { sorted: false, value: [{ fullName: 'green', default: false, label: 'Green' }] },
    };
    const { id } = (
      await addField('Account.Waystage_Health_Band__c', { type: 'Picklist', label: 'Band', valueSet })
    ).body;
    const where = "WHERE TableEnumOrId = 'Account' AND DeveloperName = 'Waystage_Health_Band'";
    expect(
      (await tooling(`SELECT Id, FullName, Metadata FROM CustomField ${where}`)).body.records,
    ).toMatchObject([
      { Id: id, FullName: 'Account.Waystage_Health_Band__c', Metadata: { type: 'Picklist', valueSet } },
    ]);
    expect(
      (await tooling("SELECT FullName FROM CustomField WHERE TableEnumOrId = 'Account'")).body[0],
    ).toMatchObject({
      errorCode: 'MALFORMED_QUERY',
      message: expect.stringContaining('must specify no more than one row'),
    });
    expect((await tooling('SELECT Id FROM Contact')).body[0].errorCode).toBe('INVALID_TYPE');
    const path = `${V67}/tooling/sobjects/CustomField/${id}`;
    expect((await org.call('GET', path)).body.Metadata.label).toBe('Band');
    expect(
      (await org.call('PATCH', path, { Metadata: { type: 'Picklist', label: 'Health', valueSet } })).status,
    ).toBe(204);
    expect((await org.call('GET', path)).body.Metadata.label).toBe('Health');
    expect((await org.call('PATCH', path, { Metadata: TEXT })).body[0].errorCode).toBe(
      'FIELD_INTEGRITY_EXCEPTION',
    );
    expect((await org.call('GET', `${V67}/tooling/sobjects/CustomField/00N8v0000000zzz`)).status).toBe(404);
    expect((await org.call('GET', `${V67}/tooling/sobjects`)).body.sobjects).toMatchObject([
      { name: 'CustomField' },
    ]);
  });
});

describe('SOAP metadata', () => {
  const soap = (body: string, session = org.sandbox.token) =>
    org.call(
      'POST',
      '/services/Soap/m/67.0',
      `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Header xmlns="http://soap.sforce.com/2006/04/metadata"><SessionHeader><sessionId>${session}</sessionId></SessionHeader></soapenv:Header><soapenv:Body xmlns="http://soap.sforce.com/2006/04/metadata">${body}</soapenv:Body></soapenv:Envelope>`,
      { 'content-type': 'text/xml' },
    );
  const component = (name: string, inner = '<type>Text</type><label>X</label><length>10</length>') =>
    `<metadata xsi:type="CustomField"><fullName>${name}</fullName>${inner}</metadata>`;

  test('faults', async () => {
    expect(await soap('<describeMetadata/>', 'wrong')).toMatchObject({
      status: 500,
      body: expect.stringContaining('<faultcode>sf:INVALID_SESSION_ID</faultcode>'),
    });
    expect((await soap('<explode/>')).body).toContain('No operation available for request');
    expect(
      (await soap('<readMetadata><type>Layout</type><fullNames>x</fullNames></readMetadata>')).body,
    ).toContain('sf:INVALID_TYPE');
    const eleven = Array.from({ length: 11 }, (_, index) => component(`Contact.F${index}__c`)).join('');
    expect((await soap(`<createMetadata>${eleven}</createMetadata>`)).body).toContain(
      'cannot submit more than 10 records in this operation',
    );
    expect((await soap('<a><b></a></b>')).body).toContain('INVALID_OPERATION');
  });

  test('each component has its own result', async () => {
    const { body } = await soap(
      `<createMetadata>${component('Contact.Fine__c')}${component('Contact.Bad__c', '<type>Text</type>')}</createMetadata>`,
    );
    expect(body).toContain('<fullName>Contact.Fine__c</fullName><success>true</success>');
    expect(body).toContain('<statusCode>REQUIRED_FIELD_MISSING</statusCode>');
    expect(
      (
        await soap(
          '<deleteMetadata><type>CustomField</type><fullNames>Contact.Fine__c</fullNames><fullNames>Contact.Gone__c</fullNames></deleteMetadata>',
        )
      ).body,
    ).toMatch(/<success>true<\/success>.*INVALID_CROSS_REFERENCE_KEY/);
  });

  test('XML is read strictly', () => {
    const refused = [
      '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
      '<a>&x;</a>',
      '<a>&#0;</a>',
      '<a>& b</a>',
      '<a',
      '<a/><b/>',
      'text',
      '<a></b>',
      '<a b=c/>',
      '<?php x ?><a/>',
      '<a>'.repeat(65) + '</a>'.repeat(65),
    ];
    for (const source of refused) expect(() => readXml(source)).toThrow(XmlError);
    const read = readXml(
      '\uFEFF<?xml version="1.0"?><!-- c --><x:a y="1 &lt; 2"><b>1</b><b>&#x1F600;&amp;</b><c><![CDATA[<raw>]]></c></x:a>',
    );
    expect(read.name).toBe('a');
    expect(read.attributes.get('y')).toBe('1 < 2');
    expect(toData(read)).toEqual(
      new Map<string, unknown>([
        ['b', ['1', '😀&']],
        ['c', '<raw>'],
      ]),
    );
  });
});
