import { HISTORY_OF } from './objects-activity.ts';
import type { Org } from './org.ts';
import type { SfField } from './schema.ts';

/** Is the history of this field kept? */
export function isTracked(object: string, field: SfField): boolean {
  return (HISTORY_OF[object]?.tracked.includes(field.name) ?? false) || field.trackHistory;
}

/** Writes down what the org is like now, for a query of its definitions. */
export function describeSetup(org: Org): void {
  for (const name of ['EntityDefinition', 'FieldDefinition']) {
    org.table(name).rows.clear();
    org.touch(name);
  }
  const stamps = {
    CreatedDate: 0,
    CreatedById: org.integrationUserId,
    LastModifiedDate: 0,
    SystemModstamp: 0,
  };
  for (const one of org.objects()) {
    if (one.tooling) continue;
    const entity = org.newId('4ie');
    org.insert('EntityDefinition', { Id: entity, QualifiedApiName: one.name, Label: one.label, ...stamps });
    for (const field of one.fields.values()) {
      org.insert('FieldDefinition', {
        Id: org.newId('4fe'),
        QualifiedApiName: field.name,
        Label: field.label,
        EntityDefinitionId: entity,
        IsFieldHistoryTracked: isTracked(one.name, field),
        ...stamps,
      });
    }
  }
}
