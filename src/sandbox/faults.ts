import { ControlError } from './control-error.ts';
import type { KitAnswer, KitRequest, Route } from './exchange.ts';
import { FaultInput, type FaultKind, isInstead, kindOf } from './fault-input.ts';
import type { Router } from './router.ts';

/** The work of a route, for faults that let some of it through. */
export type Work = (request: KitRequest) => Promise<KitAnswer>;

/** A fault of one CRM: what it answers, and to which requests it applies when the fault says nothing else. */
export interface NamedFault {
  /** One line for people: "429, TEN_SECONDLY_ROLLING". */
  readonly text: string;
  /** Requests it can meet at all; absent: every one. */
  readonly meets?: (request: KitRequest) => boolean;
  /** `random` gives numbers in [0, 1) by the fault's seed. */
  answer(request: KitRequest, work: Work, random: () => number): KitAnswer | Promise<KitAnswer>;
}

/** What a CRM adds to the faults of the kit. */
export interface VendorFaults {
  readonly named: Readonly<Record<string, NamedFault>>;
  /** The CRM's own error answer of a status, for faults that give none. */
  statusAnswer(status: number, request: KitRequest): KitAnswer;
}

/** A fault that has met a request. */
export interface MetFault {
  readonly kind: FaultKind;
  readonly input: FaultInput;
  /** Present when the fault answers by itself. */
  readonly answer: ((request: KitRequest, work: Work) => Promise<KitAnswer>) | null;
}

/** One fault in `GET /__sandbox/faults`. */
export interface FaultReport extends FaultInput {
  readonly id: string;
  readonly kind: FaultKind;
  /** Requests that fitted its route, method and text. */
  readonly seen: number;
  /** Requests it did something to. */
  readonly hits: number;
}

export interface Faults {
  /** Checks and adds a fault. Throws `ControlError`. */
  add(input: unknown): { readonly id: string };
  /** Takes one fault away, or all. Throws `ControlError` for an id that is not there. */
  clear(id: string | null): void;
  list(): readonly FaultReport[];
  /** The first fault that meets this request, counted; null: none does. */
  meet(request: KitRequest): MetFault | null;
  /** Back to the faults of the start, none of them used up. */
  reset(): void;
}

interface Entry {
  readonly id: string;
  readonly input: FaultInput;
  readonly kind: FaultKind;
  readonly fits: (request: KitRequest) => boolean;
  readonly draw: () => number;
  readonly random: () => number;
  seen: number;
  hits: number;
}

/** Keys of a fault by name: the rest is the name's. */
const WITH_A_NAME = new Set([
  'name',
  'route',
  'method',
  'contains',
  'headers',
  'latencyMs',
  'applied',
  'count',
  'probability',
  'after',
  'seed',
]);

/** The faults of one sandbox; `plan` are those it starts with. Throws `ControlError` for a plan with errors. */
export function createFaults(options: {
  readonly plan: readonly unknown[];
  readonly vendor: VendorFaults | undefined;
  readonly routes: readonly Route[];
  readonly router: Router;
}): Faults {
  const { vendor, routes, router } = options;
  let entries: Entry[] = [];
  let made = 0;

  const add = (raw: unknown): { readonly id: string } => {
    const parsed = FaultInput.safeParse(raw);
    if (!parsed.success) {
      throw new ControlError(
        parsed.error.issues
          .map((issue) => `${issue.path.length > 0 ? `${issue.path.join('.')}: ` : ''}${issue.message}`)
          .join('; '),
      );
    }
    const input = parsed.data;
    const named = input.name === undefined ? null : namedFault(vendor, input);
    const found = named === null ? kindOf(input) : { kind: 'status' as const };
    if ('problem' in found) throw new ControlError(found.problem);
    made += 1;
    const id = `f${made}`;
    const fits = fitting(input, routes, router);
    entries.push({
      id,
      input,
      kind: found.kind,
      fits: (request) => (named?.meets?.(request) ?? true) && fits(request),
      draw: createRandom(input.seed ?? made),
      random: createRandom((input.seed ?? made) ^ 0x5bd1e995),
      seen: 0,
      hits: 0,
    });
    return { id };
  };
  const reset = (): void => {
    entries = [];
    made = 0;
    for (const one of options.plan) add(one);
  };
  reset();

  return {
    add,
    reset,
    clear: (id) => {
      if (id === null) {
        entries = [];
        return;
      }
      const rest = entries.filter((entry) => entry.id !== id);
      if (rest.length === entries.length) throw new ControlError(`There is no fault "${id}".`);
      entries = rest;
    },
    list: () => entries.map(({ id, input, kind, seen, hits }) => ({ ...input, id, kind, seen, hits })),
    meet: (request) => {
      for (const entry of entries) {
        const { input } = entry;
        if (!entry.fits(request)) continue;
        if (input.count !== undefined && entry.hits >= input.count) continue;
        entry.seen += 1;
        if (entry.seen <= (input.after ?? 0)) continue;
        if (input.probability !== undefined && entry.draw() >= input.probability) continue;
        entry.hits += 1;
        return { kind: entry.kind, input, answer: answering(entry, vendor) };
      }
      return null;
    },
  };
}

function namedFault(vendor: VendorFaults | undefined, input: FaultInput): NamedFault {
  const known = vendor?.named ?? {};
  const name = input.name!;
  const named = Object.hasOwn(known, name) ? known[name] : undefined;
  if (named === undefined)
    throw new ControlError(`There is no fault named "${name}"; use ${Object.keys(known).join(', ')}.`);
  for (const key of Object.keys(input)) {
    if (!WITH_A_NAME.has(key)) throw new ControlError(`"${key}" does not go with "name".`);
  }
  return named;
}

function answering(entry: Entry, vendor: VendorFaults | undefined): MetFault['answer'] {
  const { input, kind, random } = entry;
  const named = input.name === undefined ? undefined : vendor?.named[input.name];
  if (named === undefined && !isInstead(kind)) return null;
  return async (request, work) => {
    if (input.applied === true) await work(request);
    const answer =
      named === undefined
        ? plainAnswer(kind, input, request, vendor)
        : await named.answer(request, work, random);
    return { ...answer, headers: { ...answer.headers, ...input.headers } };
  };
}

const PAGE = '<!DOCTYPE html><html><head><title>Be right back</title></head><body>Maintenance</body></html>';

function plainAnswer(
  kind: FaultKind,
  input: FaultInput,
  request: KitRequest,
  vendor: VendorFaults | undefined,
): KitAnswer {
  const text = (body: string): KitAnswer => ({
    status: input.status ?? 200,
    headers: { 'Content-Type': /^\s*</.test(body) ? 'text/html;charset=utf-8' : 'text/plain;charset=utf-8' },
    body,
  });
  if (kind === 'html') return text(typeof input.body === 'string' ? input.body : PAGE);
  const status = input.status ?? 200;
  if (typeof input.body === 'string') return text(input.body);
  if (input.body !== undefined) return { status, body: input.body };
  return vendor?.statusAnswer(status, request) ?? { status };
}

/** Which requests a fault is meant for. Throws `ControlError` for a route that no request can have. */
function fitting(
  input: FaultInput,
  routes: readonly Route[],
  router: Router,
): (request: KitRequest) => boolean {
  const { contains } = input;
  const { method, path } = splitRoute(input);
  const glob = path === null || !path.includes('*') ? null : globOf(path);
  if (path !== null && glob === null && !routes.some((route) => route.pattern === path)) {
    const methods = method === null ? ['GET', 'POST', 'PATCH', 'PUT', 'DELETE'] : [method];
    if (!methods.some((one) => router.match(one, path).kind === 'found')) {
      throw new ControlError(
        `There is no route ${input.route}; give a route of GET /__sandbox/requests, a path, or a path with *.`,
      );
    }
  }
  return (request) =>
    (method === null || request.method === method) &&
    (path === null ||
      glob?.test(request.path) === true ||
      request.path === path ||
      request.route === `${request.method} ${path}`) &&
    (contains === undefined || holds(request, contains));
}

function splitRoute(input: FaultInput): { readonly method: string | null; readonly path: string | null } {
  if (input.route === undefined) return { method: input.method ?? null, path: null };
  const [, verb, path] = /^(?:([A-Z]+) )?([/*].*)$/.exec(input.route) ?? [];
  if (path === undefined) throw new ControlError(`The route must begin with "/"; found "${input.route}".`);
  if (verb !== undefined && input.method !== undefined && verb !== input.method)
    throw new ControlError(`"method" says ${input.method} and "route" says ${verb}.`);
  return { method: verb ?? input.method ?? null, path };
}

function globOf(path: string): RegExp {
  const parts = path.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}

function holds(request: KitRequest, text: string): boolean {
  return (
    request.url.includes(text) ||
    [...request.query.values()].some((value) => value.includes(text)) ||
    request.body.includes(text)
  );
}

/** Mulberry32: numbers in [0, 1) that depend on the seed alone. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
