import type { AccountDraft } from './accounts.ts';
import type { PersonDraft } from './people.ts';
import type { DealPlot } from './plot.ts';
import {
  type Crm,
  type CrossMode,
  crossLink,
  draftPresence,
  livePresence,
  type PresenceDraft,
  respell,
  type Spelling,
  syncDelay,
  touch,
  type World,
} from './presences.ts';
import type { Rng } from './prng.ts';
import { businessInstant, DAY, dayText, HOUR, MINUTE, rising } from './time.ts';
import type { StoryDeal, StoryHistory } from './types.ts';
import { DEAL_ROLES, DEAL_STAGES } from './vocabulary.ts';

export interface DealDraft {
  readonly deal: Omit<StoryDeal, 'presences'>;
  readonly presences: PresenceDraft[];
}

/** The deals of one account, oldest first; keys count over the whole story through `nextKey`. */
export function createDeals(
  world: World,
  rng: Rng,
  account: AccountDraft,
  staff: readonly PersonDraft[],
  nextKey: () => number,
): DealDraft[] {
  const drafts: DealDraft[] = [];
  for (const plot of account.plot.deals) {
    const key = `deal-${nextKey()}`;
    drafts.push(createDeal(world, rng, account, staff, plot, key));
  }
  return drafts;
}

function createDeal(
  world: World,
  rng: Rng,
  account: AccountDraft,
  staff: readonly PersonDraft[],
  plot: DealPlot,
  key: string,
): DealDraft {
  const { offset, owner } = account.seat;
  const isClosed = plot.stage === 'won' || plot.stage === 'lost';
  const created = Math.max(account.account.created + HOUR, plot.created);
  const stages = stagePath(rng, plot);
  const lastMove = Math.max(plot.lastMove, created + stages.length * MINUTE);
  const instants = rising(
    stages.map((_, index) =>
      index === 0
        ? created
        : index === stages.length - 1
          ? lastMove
          : businessInstant(rng, created + MINUTE, Math.max(created + MINUTE, lastMove - MINUTE), offset),
    ),
    world.now - HOUR,
  );
  const end = instants.at(-1)!;
  const seats = account.account.employees ?? 40;
  const base = Math.round((2_400 + seats * rng.between(35, 120)) * (plot.kind === 'expansion' ? 0.4 : 1));
  const amount = plot.stage === 'qualification' && rng.chance(0.4) ? null : Math.min(base, 900_000);
  const closeDay = dayText(isClosed ? end : plot.expected);
  const history: StoryHistory[] = [
    { field: 'stage', values: stages.map((value, index) => ({ value, at: instants[index]! })) },
  ];
  if (amount !== null && stages.length > 2 && rng.chance(0.35)) {
    const before = Math.round(amount * rng.between(0.7, 1.4));
    history.push({
      field: 'amount',
      values: [
        { value: before, at: created },
        { value: amount, at: instants[1]! },
      ],
    });
  }
  if (!isClosed && rng.chance(0.6)) {
    const sooner = dayText(plot.expected - rng.int(20, 40) * DAY);
    history.push({
      field: 'closeDay',
      values: [
        { value: sooner, at: created },
        { value: closeDay, at: end > created ? end : created + HOUR },
      ],
    });
  }
  const deal: Omit<StoryDeal, 'presences'> = {
    key,
    account: account.account.key,
    people: buyers(rng, staff, created),
    name: `${account.name.short} - ${LABELS[plot.kind]}`,
    kind: plot.kind,
    stage: plot.stage,
    amount,
    created,
    closeDay,
    closedAt: isClosed ? end : null,
    owner: owner.key,
    history,
  };
  const draft: DealDraft = { deal, presences: [] };
  addPresences(world, rng, account, draft);
  const moved = Math.max(...history.flatMap(({ values }) => values.map(({ at }) => at)));
  touch(draft.presences, moved);
  touch(account.presences, moved);
  return draft;
}

const LABELS: Readonly<Record<string, string>> = {
  new: 'Tidewright Planner',
  renewal: 'Renewal',
  expansion: 'More seats',
};

/** From the first stage to the last; deals that skip go straight there, some others step back once or leave one out. */
function stagePath(rng: Rng, plot: DealPlot): string[] {
  const isClosed = plot.stage === 'won' || plot.stage === 'lost';
  const reached = isClosed
    ? plot.stage === 'won'
      ? 4
      : rng.int(2, 4)
    : DEAL_STAGES.indexOf(plot.stage as (typeof DEAL_STAGES)[number]) + 1;
  const path: string[] = plot.skips ? ['qualification'] : DEAL_STAGES.slice(0, reached);
  if (!plot.skips && path.length === 4) {
    const whim = rng.next();
    if (whim < 0.1) {
      path.splice(1, 1);
    } else if (whim < 0.2) {
      path.splice(3, 0, 'negotiation', 'proposal');
    }
  }
  return isClosed ? [...path, plot.stage] : path;
}

/** One to three people who were there by then, the champion first. */
function buyers(rng: Rng, staff: readonly PersonDraft[], created: number): StoryDeal['people'] {
  const there = staff.filter(({ person }) => person.created <= created);
  const champion = there[0] ?? staff[0]!;
  const others = there.filter((person) => person !== champion && rng.chance(0.45)).slice(0, 3);
  return [champion, ...others].map(({ person }, index) => ({
    person: person.key,
    role: index === 0 ? DEAL_ROLES[0] : rng.pick(DEAL_ROLES.slice(1)),
    primary: index === 0,
  }));
}

function addPresences(world: World, rng: Rng, account: AccountDraft, draft: DealDraft): void {
  const { deal } = draft;
  const inHubspot = livePresence(account.presences, 'hubspot');
  const inSalesforce = livePresence(account.presences, 'salesforce');
  const both = inHubspot !== null && inSalesforce !== null;
  const where = both
    ? rng.weighted<Crm | 'both'>([
        ['both', 45],
        ['salesforce', 33],
        ['hubspot', 22],
      ])
    : inHubspot !== null
      ? 'hubspot'
      : 'salesforce';
  const firstIn = (company: PresenceDraft): number => Math.max(deal.created, company.created);
  const hubspot =
    where === 'salesforce' || inHubspot === null
      ? null
      : draftPresence('hubspot', 'deals', world.ids.hubspot('deals'), firstIn(inHubspot));
  const late = Math.floor(syncDelay(rng, deal.created, world.now) / 4);
  const salesforce =
    where === 'hubspot' || inSalesforce === null
      ? null
      : draftPresence(
          'salesforce',
          'Opportunity',
          world.ids.salesforce('Opportunity'),
          firstIn(inSalesforce) + (both ? late : 0),
          {
            spelling: salesforceSpelling(world, rng, deal),
          },
        );
  if (hubspot !== null) {
    draft.presences.push(hubspot);
  }
  if (salesforce !== null) {
    draft.presences.push(salesforce);
  }
  if (hubspot !== null && salesforce !== null && rng.chance(0.03)) {
    // Deleted in HubSpot: Salesforce has the last word on it.
    hubspot.archived = true;
    hubspot.modified = Math.floor(rng.between(hubspot.created, world.now - HOUR));
  }
  if (hubspot !== null && salesforce !== null) {
    crossLink(
      rng.weighted<CrossMode>([
        ['both', 55],
        ['hubspot', 22],
        ['salesforce', 17],
        ['none', 6],
      ]),
      hubspot,
      salesforce,
    );
  }
}

function salesforceSpelling(world: World, rng: Rng, deal: Omit<StoryDeal, 'presences'>): Spelling {
  const spelling: Spelling = {};
  respell(spelling, 'name', rng.chance(0.4) ? deal.name.replace(' - ', ': ') : deal.name, deal.name);
  respell(spelling, 'owner', rng.chance(0.08) ? rng.pick(world.seats).owner.key : deal.owner, deal.owner);
  return spelling;
}
