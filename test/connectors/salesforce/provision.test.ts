import { afterEach, describe, expect, test } from '@jest/globals';
import type { ProvisionTarget } from '../../../src/connector/port.ts';
import type { OutputField } from '../../../src/model/outputs.ts';
import { type FakeAnswer, type FakeRequest, openTo, startFakeOrg } from './fake-org.ts';
import { refused } from './fake-table.ts';

const stage: OutputField = {
  output: 'stage',
  name: 'Waystage_Stage__c',
  label: 'Waystage stage',
  kind: 'enum',
  options: [
    { value: 'awareness', label: 'Awareness' },
    { value: 'decision', label: 'Decision' },
  ],
};
const score: OutputField = {
  output: 'health_score',
  name: 'Waystage_Health_Score__c',
  label: 'Waystage health',
  kind: 'number',
};
const entered: OutputField = {
  output: 'stage_entered',
  name: 'Waystage_Stage_Entered__c',
  label: 'In stage since',
  kind: 'date',
};
const reason: OutputField = {
  output: 'stage_reason',
  name: 'Waystage_Stage_Reason__c',
  label: 'Why',
  kind: 'text',
  length: 1_000,
};
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

interface Described {
  readonly name: string;
  readonly type: string;
  readonly updateable: boolean;
  readonly length?: number;
  readonly picklistValues?: readonly object[];
}

interface OrgOptions {
  readonly visible?: readonly Described[];
  /** Custom fields that exist without being visible. */
  readonly existing?: readonly string[];
  readonly permissionSet?: boolean;
  readonly refuse?: (path: string, body: string) => FakeAnswer | null;
}

const TYPES: Readonly<Record<string, string>> = {
  Picklist: 'picklist',
  Number: 'double',
  Date: 'date',
  Text: 'string',
  LongTextArea: 'textarea',
};

/** As much of an org's setup as provisioning touches: a new field shows only when granted and assigned. */
async function org(options: OrgOptions = {}) {
  const created = new Map<string, Readonly<Record<string, unknown>>>();
  for (const name of options.existing ?? []) created.set(`Contact.${name}`, { type: 'Date' });
  const granted = new Set<string>();
  let set = options.permissionSet === true;
  let assigned = false;
  const page = (...records: readonly object[]): FakeAnswer => ({
    body: { totalSize: records.length, done: true, records },
  });
  const done = (id: string): FakeAnswer => ({ status: 201, body: { id, success: true, errors: [] } });
  const answer = ({ method, path, soql, body }: FakeRequest): FakeAnswer => {
    const replaced = method === 'GET' ? null : (options.refuse?.(path, body) ?? null);
    if (replaced !== null) return replaced;
    if (path.endsWith('/describe')) {
      const own = [...created].flatMap(([name, metadata]) =>
        assigned && granted.has(name)
          ? [
              {
                name: name.slice('Contact.'.length),
                type: TYPES[String(metadata['type'])] ?? 'string',
                updateable: true,
                ...picklistOf(metadata),
              },
            ]
          : [],
      );
      return { body: { queryable: true, fields: [...(options.visible ?? []), ...own] } };
    }
    if (path.endsWith('/userinfo')) return { body: { user_id: '005000000000001AAA' } };
    if (path.endsWith('/tooling/query')) {
      return page(
        ...[...created.keys()].map((name) => ({
          Id: '00N000000000001AAA',
          TableEnumOrId: 'Contact',
          DeveloperName: name.slice('Contact.'.length, -3),
        })),
      );
    }
    if (soql?.includes('FROM PermissionSetAssignment') === true)
      return assigned ? page({ Id: '0Pa000000000001AAA' }) : page();
    if (soql?.includes('FROM PermissionSet') === true)
      return set ? page({ Id: '0PS000000000001AAA' }) : page();
    if (soql?.includes('FROM FieldPermissions') === true)
      return page(...[...granted].map((Field) => ({ Field, PermissionsEdit: true })));
    const sent = JSON.parse(body || '{}') as Readonly<Record<string, never>>;
    if (path.endsWith('/tooling/sobjects/CustomField')) {
      created.set(String(sent['FullName']), sent['Metadata'] ?? {});
      return done('00N000000000001AAA');
    }
    if (path.includes('/tooling/sobjects/CustomField/') && method === 'GET') {
      const value = [{ fullName: 'old', label: 'Old', default: false }];
      return {
        body: {
          Id: '00N000000000001AAA',
          Metadata: {
            label: 'Kept',
            type: 'Picklist',
            valueSet: { restricted: false, valueSetDefinition: { sorted: false, value } },
          },
        },
      };
    }
    if (path.includes('/tooling/sobjects/CustomField/')) return { status: 204, body: '' };
    if (path.endsWith('/PermissionSet')) set = true;
    else if (path.endsWith('/PermissionSetAssignment')) assigned = true;
    else if (path.endsWith('/composite/sobjects')) {
      const { records } = JSON.parse(body) as { records: readonly { Field: string }[] };
      for (const { Field } of records) granted.add(Field);
      return { body: records.map(() => ({ id: '01k000000000001AAA', success: true, errors: [] })) };
    } else return refused('NOT_FOUND', 'The requested resource does not exist', 404);
    return done('0PS000000000001AAA');
  };
  const server = await startFakeOrg(answer);
  const opened = openTo(server.url);
  closers.push(() => opened.connection.close(), server.close);
  const targets = (...fields: readonly OutputField[]): readonly ProvisionTarget[] => [
    { type: 'Contact', fields },
  ];
  return { ...opened, server, targets, created };
}

function picklistOf(metadata: Readonly<Record<string, unknown>>): object {
  const set = metadata['valueSet'] as
    | { valueSetDefinition?: { value: readonly { fullName: string }[] } }
    | undefined;
  const values = set?.valueSetDefinition?.value ?? [];
  return { picklistValues: values.map(({ fullName }) => ({ active: true, value: fullName })) };
}

describe('provision', () => {
  test('fields, permission set, assignment, grants; a second plan is empty', async () => {
    const { connection, targets, created } = await org();
    const wanted = targets(stage, score, entered, reason);
    const plan = await connection.planProvision(wanted);
    expect(plan.map((step) => step.text)).toEqual([
      'create field Waystage_Stage__c on Contact',
      'create field Waystage_Health_Score__c on Contact',
      'create field Waystage_Stage_Entered__c on Contact',
      'create field Waystage_Stage_Reason__c on Contact',
      'create permission set Waystage',
      'assign permission set Waystage to the user of this connection',
      'let permission set Waystage read and edit Waystage_Stage__c on Contact',
      'let permission set Waystage read and edit Waystage_Health_Score__c on Contact',
      'let permission set Waystage read and edit Waystage_Stage_Entered__c on Contact',
      'let permission set Waystage read and edit Waystage_Stage_Reason__c on Contact',
    ]);
    expect(created.size).toBe(0);
    // A plan can be kept in a file.
    const kept = JSON.parse(JSON.stringify(plan)) as typeof plan;
    const results = await connection.provision(kept);
    expect(results).toEqual(plan.map(({ id }) => ({ id, ok: true, message: null })));
    expect(created.get('Contact.Waystage_Stage__c')).toMatchObject({
      type: 'Picklist',
      label: 'Waystage stage',
      valueSet: {
        restricted: false,
        valueSetDefinition: {
          sorted: false,
          value: [{ fullName: 'awareness', label: 'Awareness', default: false }, { fullName: 'decision' }],
        },
      },
    });
    expect(created.get('Contact.Waystage_Health_Score__c')).toMatchObject({
      type: 'Number',
      precision: 18,
      scale: 0,
    });
    expect(created.get('Contact.Waystage_Stage_Entered__c')).toMatchObject({ type: 'Date' });
    expect(created.get('Contact.Waystage_Stage_Reason__c')).toMatchObject({
      type: 'LongTextArea',
      length: 1_000,
    });
    expect(await connection.planProvision(wanted)).toEqual([]);
    expect(await connection.provision([])).toEqual([]);
  });

  test('a field that exists but nobody may see is granted, not created again', async () => {
    const { connection, targets } = await org({
      existing: ['Waystage_Stage_Entered__c'],
      permissionSet: true,
    });
    const plan = await connection.planProvision(targets(entered));
    expect(plan.map((step) => step.id)).toEqual(['assignment', 'grant:Contact.Waystage_Stage_Entered__c']);
    await connection.provision(plan);
    expect(await connection.planProvision(targets(entered))).toEqual([]);
  });

  test('a field of another kind, a short one, and a name that cannot be created are named and fail clearly', async () => {
    const { connection, targets } = await org({
      visible: [
        { name: 'Waystage_Stage__c', type: 'boolean', updateable: true },
        { name: 'Waystage_Stage_Reason__c', type: 'string', length: 80, updateable: true },
      ],
    });
    const plan = await connection.planProvision(targets(stage, reason, { ...score, name: 'HealthScore' }));
    const results = await connection.provision(plan);
    expect(results.map(({ ok }) => ok)).toEqual([false, false, false]);
    expect(results.map(({ message }) => message)).toEqual([
      expect.stringMatching(/Waystage_Stage__c on Contact is of type boolean; expected picklist/),
      expect.stringMatching(/takes 80 characters; expected 1000/),
      expect.stringMatching(/no field HealthScore on Contact; only fields whose name ends in __c/),
    ]);
  });

  test('missing options are added to those that are there', async () => {
    const picklistValues = [{ active: true, value: 'old', label: 'Old' }];
    const { connection, server, targets } = await org({
      visible: [{ name: 'Waystage_Stage__c', type: 'picklist', updateable: true, picklistValues }],
      existing: ['Waystage_Stage__c'],
    });
    const plan = await connection.planProvision(targets(stage));
    expect(plan.map((step) => step.text)).toEqual([
      'add 2 values to Waystage_Stage__c on Contact: awareness, decision',
    ]);
    expect(await connection.provision(plan)).toMatchObject([{ ok: true }]);
    const patch = server.requests.find((request) => request.method === 'PATCH')!;
    const { Metadata } = JSON.parse(patch.body) as {
      Metadata: { valueSet: { valueSetDefinition: { value: readonly { fullName: string }[] } } };
    };
    expect(Metadata.valueSet.valueSetDefinition.value.map(({ fullName }) => fullName)).toEqual([
      'old',
      'awareness',
      'decision',
    ]);
  });

  test('a refused step is named with what Salesforce said; what depends on it is not tried, the rest goes on', async () => {
    const { connection, targets } = await org({
      refuse: (path, body) =>
        path.endsWith('/CustomField') && body.includes('Waystage_Stage__c')
          ? refused('INSUFFICIENT_ACCESS', 'You cannot create fields', 403)
          : null,
    });
    const plan = await connection.planProvision(targets(stage, score));
    const results = new Map((await connection.provision(plan)).map(({ id, message }) => [id, message]));
    expect(results.get('field:Contact.Waystage_Stage__c')).toMatch(
      /INSUFFICIENT_ACCESS "You cannot create fields"/,
    );
    expect(results.get('grant:Contact.Waystage_Stage__c')).toMatch(/not tried/);
    expect(results.get('grant:Contact.Waystage_Health_Score__c')).toBe(null);
  });

  test('what somebody else made in between counts as done', async () => {
    const { connection, targets } = await org({
      refuse: (path) =>
        path.endsWith('/CustomField')
          ? refused('DUPLICATE_DEVELOPER_NAME', 'There is already a field named Waystage_Stage')
          : null,
    });
    const plan = await connection.planProvision(targets(stage));
    expect((await connection.provision(plan)).every(({ ok }) => ok)).toBe(true);
  });

  test('dead credentials stop it', async () => {
    const { connection, targets } = await org({
      refuse: () => refused('INVALID_SESSION_ID', 'Session expired or invalid', 401),
    });
    const plan = await connection.planProvision(targets(stage));
    await expect(connection.provision(plan)).rejects.toMatchObject({ code: 'crm_credentials' });
  });
});
