import type { Fact, SubjectFacts } from '../../src/model/facts.ts';
import { NOW } from './subjects.ts';

/** One rule in three spellings that must agree on every subject. */
export interface Rule {
  readonly name: string;
  /** A structured condition in YAML's flow style. */
  readonly structured: string;
  readonly expr: string;
  /** As somebody would write it by hand over the same facts. */
  readonly byHand: (facts: SubjectFacts) => boolean;
  /** For @marcbachmann/cel-js over typed copies of the facts; instants are compared with numbers given to it. */
  readonly cel: string;
}

const DAY = 86_400_000;
const ago = (days: number): number => NOW - days * DAY;
const D30 = ago(30);
const D60 = ago(60);
const D90 = ago(90);
const D180 = ago(180);
const D365 = ago(365);

type Value = string | number | boolean | null | undefined;
const since = (value: Value, from: number): boolean =>
  typeof value === 'number' && value >= from && value <= NOW;
const atLeast = (value: Value, least: number): boolean => typeof value === 'number' && value >= least;
const openNew = ({ values }: Fact): boolean => values['open'] === true && values['kind'] === 'new';
const won = ({ values }: Fact): boolean => values['won'] === true;
const lostRenewal = ({ values }: Fact): boolean => values['kind'] === 'renewal' && values['lost'] === true;
const severe = ({ values }: Fact): boolean =>
  values['open'] === true && (values['priority'] === 'high' || values['priority'] === 'urgent');
const talked = ({ values }: Fact): boolean => {
  if (!since(values['at'], D60)) return false;
  const channel = values['channel'];
  return channel === 'email' || channel === 'call' || channel === 'meeting' || channel === 'chat';
};

/** Thirteen rules of the kind the example journeys have. */
export const RULES: readonly Rule[] = [
  {
    name: 'fresh lead',
    structured: '{ person.lead_status: new, person.created: { within: 30d } }',
    expr: "person.lead_status == 'new' && person.created >= ago('30d')",
    byHand: ({ person }) => person?.values['lead_status'] === 'new' && since(person.values['created'], D30),
    cel: "has(person.lead_status) && person.lead_status == 'new' && person.created >= d30",
  },
  {
    name: 'engaged',
    structured:
      '{ some: touchpoints, where: { at: { within: 180d }, any: [{ direction: incoming }, { outcome: [held, answered, responded] }] } }',
    expr: "touchpoints.exists(t, t.at >= ago('180d') && (t.direction == 'incoming' || t.outcome in ['held', 'answered', 'responded']))",
    byHand: ({ touchpoints }) =>
      touchpoints.some(({ values }) => {
        if (!since(values['at'], D180)) return false;
        const outcome = values['outcome'];
        return (
          values['direction'] === 'incoming' ||
          outcome === 'held' ||
          outcome === 'answered' ||
          outcome === 'responded'
        );
      }),
    cel: "touchpoints.exists(t, t.at >= d180 && ((has(t.direction) && t.direction == 'incoming') || (has(t.outcome) && t.outcome in ['held', 'answered', 'responded'])))",
  },
  {
    name: 'leader',
    structured: '{ any: [{ person.title: { contains: chief } }, { person.title: { starts_with: vp } }] }',
    expr: "person.title.contains('chief') || person.title.startsWith('vp')",
    byHand: ({ person }) => {
      const title = person?.values['title'];
      if (typeof title !== 'string') return false;
      const lower = title.toLowerCase();
      return lower.includes('chief') || lower.startsWith('vp');
    },
    cel: "has(person.title) && (person.title.contains('Chief') || person.title.startsWith('VP'))",
  },
  {
    name: 'open new deal',
    structured: '{ some: deals, where: { open: true, kind: new } }',
    expr: "deals.exists(d, d.open && d.kind == 'new')",
    byHand: ({ deals }) => deals.some(openNew),
    cel: "deals.exists(d, d.open && has(d.kind) && d.kind == 'new')",
  },
  {
    name: 'likely large deal',
    structured: '{ some: deals, where: { open: true, probability: { gte: 0.5 }, amount: { gte: 10000 } } }',
    expr: 'deals.exists(d, d.open && d.probability >= 0.5 && d.amount >= 10000)',
    byHand: ({ deals }) =>
      deals.some(
        ({ values }) =>
          values['open'] === true && atLeast(values['probability'], 0.5) && atLeast(values['amount'], 10_000),
      ),
    cel: 'deals.exists(d, d.open && has(d.probability) && d.probability >= 0.5 && has(d.amount) && d.amount >= 10000.0)',
  },
  {
    name: 'bought this year',
    structured: '{ some: deals, where: { won: true, closed: { within: 365d } } }',
    expr: "deals.exists(d, d.won && d.closed >= ago('365d'))",
    byHand: ({ deals }) => deals.some((deal) => won(deal) && since(deal.values['closed'], D365)),
    cel: 'deals.exists(d, d.won && has(d.closed) && d.closed >= d365)',
  },
  {
    name: 'no renewal lost',
    structured: '{ none: deals, where: { kind: renewal, lost: true } }',
    expr: "!deals.exists(d, d.kind == 'renewal' && d.lost)",
    byHand: ({ deals }) => !deals.some(lostRenewal),
    cel: "!deals.exists(d, has(d.kind) && d.kind == 'renewal' && d.lost)",
  },
  {
    name: 'quiet',
    structured:
      '{ none: touchpoints, where: { at: { within: 60d }, channel: [email, call, meeting, chat] } }',
    expr: "!touchpoints.exists(t, t.at >= ago('60d') && t.channel in ['email', 'call', 'meeting', 'chat'])",
    byHand: ({ touchpoints }) => !touchpoints.some(talked),
    cel: "!touchpoints.exists(t, t.at >= d60 && t.channel in ['email', 'call', 'meeting', 'chat'])",
  },
  {
    name: 'severe ticket',
    structured: '{ some: tickets, where: { open: true, priority: [high, urgent] } }',
    expr: "tickets.exists(t, t.open && t.priority in ['high', 'urgent'])",
    byHand: ({ tickets }) => tickets.some(severe),
    cel: "tickets.exists(t, t.open && has(t.priority) && t.priority in ['high', 'urgent'])",
  },
  {
    name: 'many tickets',
    structured: '{ count: tickets, where: { created: { within: 90d } }, gte: 3 }',
    expr: "size(tickets.filter(t, t.created >= ago('90d'))) >= 3",
    byHand: ({ tickets }) => {
      let count = 0;
      for (const { values } of tickets) if (since(values['created'], D90)) count += 1;
      return count >= 3;
    },
    cel: 'tickets.filter(t, t.created >= d90).size() >= 3',
  },
  {
    name: 'large customer',
    structured: '{ sum: deals.amount, where: { won: true }, gte: 50000 }',
    expr: 'sum(deals.filter(d, d.won).map(d, d.amount)) >= 50000',
    byHand: ({ deals }) => {
      let sum = 0;
      for (const { values } of deals) {
        const amount = values['amount'];
        if (values['won'] === true && typeof amount === 'number') sum += amount;
      }
      return sum >= 50_000;
    },
    cel: '',
  },
  {
    name: 'target account',
    structured:
      '{ account.employees: { gte: 200 }, account.country: [Germany, France], person.opted_out: false }',
    expr: "account.employees >= 200 && account.country in ['Germany', 'France'] && person.opted_out == false",
    byHand: ({ account, person }) => {
      const country = account?.values['country'];
      return (
        atLeast(account?.values['employees'], 200) &&
        (country === 'Germany' || country === 'France') &&
        person?.values['opted_out'] === false
      );
    },
    cel: "has(account.employees) && account.employees >= 200.0 && has(account.country) && account.country in ['Germany', 'France'] && has(person.opted_out) && !person.opted_out",
  },
  {
    name: 'customer at risk',
    structured:
      '{ all: [{ some: deals, where: { won: true } }, { none: deals, where: { kind: renewal, lost: true } }, { any: [{ some: tickets, where: { open: true, priority: [high, urgent] } }, { none: touchpoints, where: { at: { within: 60d }, channel: [email, call, meeting, chat] } }] }] }',
    expr: "deals.exists(d, d.won) && !deals.exists(d, d.kind == 'renewal' && d.lost) && (tickets.exists(t, t.open && t.priority in ['high', 'urgent']) || !touchpoints.exists(t, t.at >= ago('60d') && t.channel in ['email', 'call', 'meeting', 'chat']))",
    byHand: ({ deals, tickets, touchpoints }) =>
      deals.some(won) && !deals.some(lostRenewal) && (tickets.some(severe) || !touchpoints.some(talked)),
    cel: "deals.exists(d, d.won) && !deals.exists(d, has(d.kind) && d.kind == 'renewal' && d.lost) && (tickets.exists(t, t.open && has(t.priority) && t.priority in ['high', 'urgent']) || !touchpoints.exists(t, t.at >= d60 && t.channel in ['email', 'call', 'meeting', 'chat']))",
  },
];

/** The cut-offs under the names that the `cel` spellings use. */
export const CUT_OFFS: Readonly<Record<string, number>> = {
  d30: D30,
  d60: D60,
  d90: D90,
  d180: D180,
  d365: D365,
};
