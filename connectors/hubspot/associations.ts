import { WaystageError } from '../../src/model/errors.ts';
import type { Association } from '../../src/model/record.ts';
import { type HubspotClient, hasResults, type Json, unaccounted } from './client.ts';
import { ASSOCIATIONS, arrayOf, isObject, issuesOfEntry, textOf } from './errors.ts';
import { inOrder } from './mapper.ts';
import { apiPath } from './paths.ts';
import type { HubspotType } from './schema.ts';

/** Inputs per batch read of associations (HubSpot's documentation, read November 2026). */
export const ASSOCIATION_INPUTS = 1_000;

/** Type numbers HubSpot gives to the primary company, seen from either side. */
const PRIMARY_TYPE_IDS = new Set([1, 2, 5, 6, 25, 26]);

/** Associations of many records with one type. A record that is absent could not be read and keeps what it had. */
export type Associated = ReadonlyMap<string, readonly Association[]>;

interface Input {
  readonly id: string;
  readonly after?: string;
}

/**
 * Reads the associations of `ids` (any number) to every type the records bring along, following the paging of each
 * parent. Answer: by other type, then by record id; complete lists, empty for records without any. `haveSome`: every
 * one of the records is known to have associations with these types.
 */
export async function readAssociations(
  client: HubspotClient,
  type: HubspotType,
  ids: readonly string[],
  others: readonly string[] = type.associations,
  haveSome = false,
): Promise<Readonly<Record<string, Associated>>> {
  const read = await Promise.all(others.map((other) => readOne(client, type, ids, other, haveSome)));
  return Object.fromEntries(others.map((other, index) => [other, read[index] ?? new Map()]));
}

/** The associations of one record out of what `readAssociations` gave. */
export function associationsOf(
  id: string,
  read: Readonly<Record<string, Associated>>,
): Readonly<Record<string, readonly Association[]>> {
  const own: Record<string, readonly Association[]> = {};
  for (const [other, byId] of Object.entries(read)) {
    const list = byId.get(id);
    if (list !== undefined) own[other] = list;
  }
  return own;
}

async function readOne(
  client: HubspotClient,
  type: HubspotType,
  ids: readonly string[],
  other: string,
  haveSome: boolean,
): Promise<Associated> {
  const found = new Map<string, Map<string, Association>>(ids.map((id) => [id, new Map()]));
  /** `id after` already asked for: HubSpot has been seen to hand out the same page for ever. */
  const asked = new Set<string>();
  let inputs: Input[] = ids.map((id) => ({ id }));
  while (inputs.length > 0) {
    const next: Input[] = [];
    for (let start = 0; start < inputs.length; start += ASSOCIATION_INPUTS) {
      const batch = inputs.slice(start, start + ASSOCIATION_INPUTS);
      next.push(...(await readBatch(client, type, other, batch, found, haveSome)));
    }
    for (const input of next) {
      const key = `${input.id} ${input.after}`;
      if (asked.has(key)) {
        throw new WaystageError(
          'crm_bad_answer',
          `${client.who} gave the same page of associations twice (${type.name} to ${other}); run again later`,
          { retryable: true },
        );
      }
      asked.add(key);
    }
    inputs = next;
  }
  const lists = new Map<string, readonly Association[]>();
  for (const [id, byId] of found) lists.set(id, inOrder(byId.values()));
  return lists;
}

/** Adds one batch's results to `found`; gives back the parents that have more. */
async function readBatch(
  client: HubspotClient,
  type: HubspotType,
  other: string,
  batch: readonly Input[],
  found: Map<string, Map<string, Association>>,
  haveSome: boolean,
): Promise<readonly Input[]> {
  const asked = batch.map((input) => input.id);
  // Who was said to have more has more, unless HubSpot now names it as having none.
  const sure = batch.filter((input) => haveSome || input.after !== undefined).map((input) => input.id);
  const { json } = await client.post(
    apiPath('associations', type.name, other, 'batch', 'read'),
    { inputs: batch },
    {
      purpose: 'associations',
      bucket: ASSOCIATIONS,
      check: (answer) => hasResults(answer) ?? unaccounted(answer, asked, sure, parentOf, parentsNamed),
    },
  );
  const more: Input[] = [];
  for (const result of arrayOf(json['results'])) {
    if (!isObject(result) || !isObject(result['from'])) continue;
    const id = String(result['from']['id'] ?? '');
    const byId = found.get(id);
    if (byId === undefined) continue;
    for (const to of arrayOf(result['to'])) if (isObject(to)) addAssociation(byId, other, to);
    const next = isObject(result['paging']) ? result['paging']['next'] : undefined;
    const after = isObject(next) ? textOf(next['after']) : null;
    if (after !== null) more.push({ id, after });
  }
  for (const error of arrayOf(json['errors'])) {
    if (!isObject(error)) continue;
    for (const id of unreadParents(error)) found.delete(id);
  }
  return more;
}

/** The spec says text where examples show numbers: ids are coerced. */
function addAssociation(
  byId: Map<string, Association>,
  other: string,
  to: Readonly<Record<string, unknown>>,
): void {
  const id = String(to['toObjectId'] ?? '');
  if (id === '') return;
  let { primary, label } = byId.get(id) ?? { primary: false, label: null };
  for (const kind of arrayOf(to['associationTypes'])) {
    if (!isObject(kind)) continue;
    const name = textOf(kind['label']);
    if (kind['category'] === 'HUBSPOT_DEFINED') {
      if (other === 'companies' && (name === 'Primary' || PRIMARY_TYPE_IDS.has(Number(kind['typeId']))))
        primary = true;
    } else if (name !== null && name !== '') label ??= name;
  }
  byId.set(id, { type: other, id, primary, label });
}

function parentOf(result: Json): string | null {
  return isObject(result['from']) ? String(result['from']['id'] ?? '') : null;
}

function parentsNamed(error: Json): readonly string[] {
  const context = isObject(error['context']) ? error['context'] : {};
  return [
    ...issuesOfEntry(error).flatMap((issue) => issue.ids),
    ...arrayOf(context['fromObjectId']).map(String),
  ];
}

/** Parents that could not be read, unlike those that simply have no associations. */
function unreadParents(error: Readonly<Record<string, unknown>>): readonly string[] {
  const unread: string[] = [];
  for (const issue of issuesOfEntry(error))
    if (!/NO_ASSOCIATIONS/.test(issue.code)) unread.push(...issue.ids);
  const context = isObject(error['context']) ? error['context'] : {};
  if (!/NO_ASSOCIATIONS/.test(`${error['subCategory']} ${error['category']}`)) {
    for (const id of arrayOf(context['fromObjectId'])) unread.push(String(id));
  }
  return unread;
}
