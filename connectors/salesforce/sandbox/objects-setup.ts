import { field, object, pick, readOnly, ref, type SfObject, text } from './schema.ts';

const must = { nillable: false } as const;

function stageObjects(): SfObject[] {
  return [
    object(
      'OpportunityStage',
      '01J',
      [
        readOnly('MasterLabel', 'string'),
        readOnly('ApiName', 'string', { nillable: false }),
        readOnly('IsActive', 'boolean', must),
        readOnly('SortOrder', 'int'),
        readOnly('IsClosed', 'boolean', must),
        readOnly('IsWon', 'boolean', must),
        readOnly('ForecastCategory', 'picklist', must),
        readOnly('ForecastCategoryName', 'picklist', must),
        readOnly('DefaultProbability', 'percent'),
        readOnly('Description', 'string'),
      ],
      { setup: true },
    ),
    object(
      'LeadStatus',
      '01J',
      [
        readOnly('MasterLabel', 'string'),
        readOnly('ApiName', 'string', must),
        readOnly('SortOrder', 'int'),
        readOnly('IsDefault', 'boolean', must),
        readOnly('IsConverted', 'boolean', must),
      ],
      { setup: true, labelPlural: 'Lead Statuses' },
    ),
    object(
      'CaseStatus',
      '01J',
      [
        readOnly('MasterLabel', 'string'),
        readOnly('ApiName', 'string', must),
        readOnly('SortOrder', 'int'),
        readOnly('IsDefault', 'boolean', must),
        readOnly('IsClosed', 'boolean', must),
      ],
      { setup: true, labelPlural: 'Case Statuses' },
    ),
  ];
}

function orgObjects(): SfObject[] {
  return [
    object(
      'User',
      '005',
      [
        text('Username', 80, must),
        text('LastName', 80, must),
        text('FirstName', 40),
        readOnly('Name', 'string', { nillable: false, nameField: true, label: 'Full Name' }),
        field('Email', 'email', { length: 128, nillable: false }),
        text('Alias', 8, must),
        text('Title', 80),
        field('IsActive', 'boolean', must),
        pick('UserType', ['Standard'], { nillable: false, createable: false, updateable: false }),
        ref('ProfileId', ['Profile'], 'Profile', 'Users', must),
        pick('TimeZoneSidKey', ['GMT'], must),
        pick('LocaleSidKey', ['en_US'], must),
        pick('LanguageLocaleKey', ['en_US'], must),
      ],
      { setup: true },
    ),
    object('Profile', '00e', [readOnly('Name', 'string', { nillable: false, nameField: true })], {
      setup: true,
    }),
    object(
      'Organization',
      '00D',
      [
        readOnly('Name', 'string', { nillable: false, nameField: true }),
        readOnly('OrganizationType', 'picklist'),
        readOnly('InstanceName', 'string'),
        readOnly('IsSandbox', 'boolean', must),
        readOnly('TimeZoneSidKey', 'picklist', must),
        readOnly('DefaultLocaleSidKey', 'picklist', must),
        readOnly('LanguageLocaleKey', 'picklist', must),
        readOnly('Country', 'string'),
        readOnly('NamespacePrefix', 'string'),
        readOnly('FiscalYearStartMonth', 'int'),
        readOnly('TrialExpirationDate', 'datetime'),
      ],
      { setup: true },
    ),
  ];
}

function permissionObjects(): SfObject[] {
  return [
    object(
      'PermissionSet',
      '0PS',
      [
        text('Name', 80, { nillable: false, nameField: true }),
        text('Label', 80, must),
        text('Description', 255),
        text('NamespacePrefix', 15, { createable: false, updateable: false, permissionable: false }),
        ref('ProfileId', ['Profile'], 'Profile', null, {
          createable: false,
          updateable: false,
          permissionable: false,
        }),
        readOnly('IsOwnedByProfile', 'boolean', must),
        readOnly('IsCustom', 'boolean', must),
        pick('Type', ['Regular', 'Profile', 'Standard', 'Group'], { createable: false, updateable: false }),
      ],
      { setup: true, createable: true, updateable: true },
    ),
    object(
      'FieldPermissions',
      '01k',
      [
        ref('ParentId', ['PermissionSet'], 'Parent', 'FieldPerms', { nillable: false, updateable: false }),
        pick('SobjectType', [], { nillable: false, updateable: false, restricted: false }),
        pick('Field', [], { nillable: false, updateable: false, restricted: false, label: 'Field Name' }),
        field('PermissionsRead', 'boolean', must),
        field('PermissionsEdit', 'boolean', must),
      ],
      { setup: true, createable: true, updateable: true, labelPlural: 'Field Permissions' },
    ),
    object(
      'PermissionSetAssignment',
      '0Pa',
      [
        ref('PermissionSetId', ['PermissionSet'], 'PermissionSet', 'Assignments', {
          nillable: false,
          updateable: false,
        }),
        ref('AssigneeId', ['User'], 'Assignee', 'PermissionSetAssignments', {
          nillable: false,
          updateable: false,
        }),
      ],
      { setup: true, createable: true, updateable: false },
    ),
  ];
}

/** `CustomField` exists in the Tooling API only. */
function toolingObjects(): SfObject[] {
  return [
    object(
      'CustomField',
      '00N',
      [
        readOnly('DeveloperName', 'string', must),
        readOnly('TableEnumOrId', 'picklist', must),
        readOnly('NamespacePrefix', 'string'),
        readOnly('Length', 'int'),
        readOnly('ManageableState', 'picklist'),
        readOnly('FullName', 'string', { filterable: false, sortable: false }),
        readOnly('Metadata', 'anyType'),
      ],
      { setup: true, createable: true, updateable: true, tooling: true },
    ),
  ];
}

/** What the org tells of its own objects and fields; no rows of these are kept, a query makes them. */
function definitionObjects(): SfObject[] {
  return [
    object(
      'EntityDefinition',
      '4ie',
      [readOnly('QualifiedApiName', 'string', must), readOnly('Label', 'string')],
      {
        setup: true,
      },
    ),
    object(
      'FieldDefinition',
      '4fe',
      [
        readOnly('QualifiedApiName', 'string', must),
        readOnly('Label', 'string'),
        ref('EntityDefinitionId', ['EntityDefinition'], 'EntityDefinition', 'Fields', {
          nillable: false,
          createable: false,
          updateable: false,
          permissionable: false,
        }),
        readOnly('IsFieldHistoryTracked', 'boolean', must),
      ],
      { setup: true },
    ),
  ];
}

/** What an administrator sets up: stages, users, the organisation, permissions, custom fields. */
export function setupObjects(): SfObject[] {
  return [
    ...stageObjects(),
    ...orgObjects(),
    ...permissionObjects(),
    ...definitionObjects(),
    ...toolingObjects(),
  ];
}
