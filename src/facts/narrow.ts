import type { AccountReads } from '../mapping/types.ts';
import type { FactGraph } from './graph.ts';
import type { GroupLists, SubjectInput } from './types.ts';

/**
 * The graph as rules about people see it that read only this much of the account (J2): what they do not read is not
 * there, so that it neither changes their facts nor asks for a step.
 */
export function narrowedGraph(graph: FactGraph, seen: AccountReads): FactGraph {
  const name = JSON.stringify([seen.fields, seen.lists]);
  const known = made.get(graph) ?? new Map<string, FactGraph>();
  made.set(graph, known);
  const before = known.get(name);
  if (before !== undefined) return before;
  const lists = new WeakMap<GroupLists, GroupLists>();
  const listsOf = (whole: GroupLists): GroupLists => {
    const narrowed = lists.get(whole) ?? pick(whole, seen.lists);
    lists.set(whole, narrowed);
    return narrowed;
  };
  const narrowed: FactGraph = {
    ...graph,
    input(kind, group, subject) {
      const input = graph.input(kind, group, subject);
      return input === undefined || kind === 'account' ? input : narrow(input, seen, listsOf);
    },
  };
  known.set(name, narrowed);
  return narrowed;
}

const made = new WeakMap<FactGraph, Map<string, FactGraph>>();

function narrow(
  input: SubjectInput,
  seen: AccountReads,
  listsOf: (whole: GroupLists) => GroupLists,
): SubjectInput {
  return {
    ...input,
    account: seen.fields ? input.account : null,
    accountLists: seen.lists.length === 0 || input.accountLists === null ? null : listsOf(input.accountLists),
  };
}

function pick(whole: GroupLists, names: readonly (keyof GroupLists)[]): GroupLists {
  const lists: GroupLists = { people: [], deals: [], tickets: [], touchpoints: [], surveys: [] };
  return Object.assign(lists, Object.fromEntries(names.map((name) => [name, whole[name]])));
}
