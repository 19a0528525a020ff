import { STORY_COMPANY } from '../../../src/story/index.ts';
import { registerCustomFields } from './custom-fields.ts';
import type { LoadContext } from './load-context.ts';
import { LEAD_STATUSES, OPPORTUNITY_STAGES } from './objects-crm.ts';
import type { SfValue } from './schema.ts';

const DAY = 86_400_000;

/** Users, organisation, stages and the profile of the integration user. */
export function loadSetup(context: LoadContext, hidden: readonly string[]): void {
  const { org, story } = context;
  const at = story.options.now - 900 * DAY;
  const add = (object: string, id: string, values: Record<string, SfValue>): void => {
    context.add(object, { id, created: at, modified: at, archived: false }, values);
  };
  const profile = org.newId('00e');
  const staff = org.newId('00e');
  add('Profile', profile, { Name: 'Salesforce API Only System Integrations' });
  add('Profile', staff, { Name: 'Standard User' });
  const user = (id: string, name: string, email: string, profileId: string): void => {
    const [first, ...rest] = name.split(' ');
    add('User', id, {
      Username: `${email}.crm`,
      Name: name,
      FirstName: rest.length > 0 ? (first ?? null) : null,
      LastName: rest.length > 0 ? rest.join(' ') : name,
      Email: email,
      Alias: email.slice(0, 8),
      IsActive: true,
      UserType: 'Standard',
      ProfileId: profileId,
      TimeZoneSidKey: 'GMT',
      LocaleSidKey: 'en_US',
      LanguageLocaleKey: 'en_US',
    });
  };
  user(org.integrationUserId, 'Integration User', `integration@${STORY_COMPANY.domain}`, profile);
  for (const owner of story.owners) user(owner.salesforceId, owner.name, owner.email, staff);
  add('Organization', org.organizationId, {
    Name: STORY_COMPANY.name,
    OrganizationType: 'Enterprise Edition',
    InstanceName: 'SBX1',
    IsSandbox: true,
    TimeZoneSidKey: 'GMT',
    DefaultLocaleSidKey: 'en_US',
    LanguageLocaleKey: 'en_US',
    FiscalYearStartMonth: 1,
  });
  addStages(context, add);
  registerCustomFields(org, at);
  addProfile(context, add, profile, new Set(hidden.map((name) => name.toLowerCase())));
}

type Add = (object: string, id: string, values: Record<string, SfValue>) => void;

function addStages({ org }: LoadContext, add: Add): void {
  OPPORTUNITY_STAGES.forEach((stage, index) => {
    add('OpportunityStage', org.newId('01J'), {
      MasterLabel: stage.name,
      ApiName: stage.name,
      IsActive: true,
      SortOrder: index + 1,
      IsClosed: stage.closed,
      IsWon: stage.won,
      ForecastCategory: stage.forecast.replace(' ', ''),
      ForecastCategoryName: stage.forecast,
      DefaultProbability: stage.probability,
    });
  });
  LEAD_STATUSES.forEach((status, index) => {
    add('LeadStatus', org.newId('01J'), {
      MasterLabel: status,
      ApiName: status,
      SortOrder: index + 1,
      IsDefault: index === 0,
      IsConverted: status === 'Closed - Converted',
    });
  });
  ['New', 'Working', 'Waiting', 'Closed'].forEach((status, index) => {
    add('CaseStatus', org.newId('01J'), {
      MasterLabel: status,
      ApiName: status,
      SortOrder: index + 1,
      IsDefault: index === 0,
      IsClosed: status === 'Closed',
    });
  });
}

/** The profile grants every field there is at the start: later fields need a permission set. */
function addProfile({ org }: LoadContext, add: Add, profile: string, hidden: ReadonlySet<string>): void {
  const set = org.newId('0PS');
  add('PermissionSet', set, {
    Name: `X${profile}`,
    Label: 'Salesforce API Only System Integrations',
    IsOwnedByProfile: true,
    IsCustom: false,
    ProfileId: profile,
    Type: 'Profile',
  });
  add('PermissionSetAssignment', org.newId('0Pa'), {
    PermissionSetId: set,
    AssigneeId: org.integrationUserId,
  });
  for (const object of org.objects()) {
    for (const field of object.fields.values()) {
      const name = `${object.name}.${field.name}`;
      if (!field.permissionable || hidden.has(name.toLowerCase())) continue;
      add('FieldPermissions', org.newId('01k'), {
        ParentId: set,
        SobjectType: object.name,
        Field: name,
        PermissionsRead: true,
        PermissionsEdit: !field.calculated,
      });
    }
  }
}
