import { z } from 'zod';
import { ControlError } from './control-error.ts';
import { jsonBody, type KitAnswer, type KitRequest, type Route } from './exchange.ts';
import type { Faults } from './faults.ts';
import type { WindowLimit } from './limits.ts';
import type { SandboxWrite } from './port.ts';
import type { RequestRecorder } from './recorder.ts';
import type { SandboxTime } from './time.ts';

/** Field values by name. Not `z.record`: that one drops a field named `__proto__` in silence. */
export const FieldValues = z.unknown().transform((input, context): Readonly<Record<string, FieldInput>> => {
  const values = Object.create(null) as Record<string, FieldInput>;
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    context.addIssue({ code: 'custom', message: 'Invalid input: expected an object of field values' });
    return values;
  }
  for (const [name, value] of Object.entries(input)) {
    if (value === null || ['string', 'number', 'boolean'].includes(typeof value))
      values[name] = value as FieldInput;
    else
      context.addIssue({
        code: 'custom',
        path: [name],
        message: 'Invalid input: expected text, number, boolean or null',
      });
  }
  return values;
});
type FieldInput = string | number | boolean | null;

const id = z.string().min(1);
const type = z.string().min(1);

const EditInput = z.strictObject({ type, id, properties: FieldValues });
const AssociationInput = z.strictObject({
  toType: z.string().min(1),
  toId: id,
  primary: z.boolean().optional(),
  label: z.string().nullable().optional(),
});
const CreateInput = z.strictObject({
  type,
  properties: FieldValues,
  associations: z.array(AssociationInput).optional(),
});
/** `id` lives on, `mergeId` is lost. */
const MergeInput = z.strictObject({ type, id, mergeId: id });
const DeleteInput = z.strictObject({ type, id, purge: z.boolean().optional() });
const AssociateInput = z.strictObject({
  type,
  id,
  ...AssociationInput.shape,
  /** Takes the association away instead. */
  remove: z.boolean().optional(),
});
const ClockInput = z.strictObject({ advance: z.number().nonnegative() });
/** What an administrator does to a field. `to`: the new name of `rename`, the new type of `retype`. */
const FieldChange = z.strictObject({
  object: z.string().min(1),
  field: z.string().min(1),
  /** `hide`: by permission, from the integration alone; `show` takes it back. */
  action: z.enum(['remove', 'rename', 'retype', 'hide', 'show']),
  to: z.string().min(1).optional(),
});
const ClearInput = z.strictObject({ clear: z.union([z.literal(true), z.string().min(1)]) });

export type EditInput = z.infer<typeof EditInput>;
export type CreateInput = z.infer<typeof CreateInput>;
export type MergeInput = z.infer<typeof MergeInput>;
export type DeleteInput = z.infer<typeof DeleteInput>;
export type AssociateInput = z.infer<typeof AssociateInput>;
export type FieldChange = z.infer<typeof FieldChange>;

/** What a CRM does for the control routes. Changes made here are a person's, not the integration's. */
export interface ControlActions {
  /** Data, metadata, tokens back to the story; the kit itself resets counts, limits and time. */
  reset(): void;
  edit(input: EditInput): unknown;
  create(input: CreateInput): unknown;
  merge(input: MergeInput): unknown;
  delete(input: DeleteInput): unknown;
  associate(input: AssociateInput): unknown;
  /** Absent: the fields of this CRM cannot be changed. */
  field?(input: FieldChange): unknown;
  writes(): readonly SandboxWrite[];
  /** The sandbox's own record of one object (null: not known) or of all of a type, deleted ones included. */
  records(type: string, id: string | null): unknown;
  /** Further routes of one CRM, such as `POST /__sandbox/refuse`. Patterns start with `/__sandbox/`. */
  readonly extra?: readonly Route[];
}

export interface ControlParts {
  readonly actions: ControlActions;
  readonly time: SandboxTime;
  readonly recorder: RequestRecorder;
  readonly limits: readonly WindowLimit[];
  readonly faults: Faults;
}

/** The routes under `/__sandbox/`, outside of tokens, limits and counts. */
export function controlRoutes(parts: ControlParts): readonly Route[] {
  const { actions, time, recorder, limits, faults } = parts;
  const ok = (body: unknown): KitAnswer => ({ status: 200, body: body ?? { ok: true } });
  const post = <Input>(name: string, schema: z.ZodType<Input>, act: (input: Input) => unknown): Route => ({
    method: 'POST',
    pattern: `/__sandbox/${name}`,
    handle: (request) => ok(act(readInput(schema, request))),
  });
  return [
    { method: 'GET', pattern: '/__sandbox/requests', handle: () => ok(recorder.report(limits)) },
    { method: 'GET', pattern: '/__sandbox/writes', handle: () => ok({ writes: actions.writes() }) },
    {
      method: 'GET',
      pattern: '/__sandbox/records',
      handle: (request) => {
        for (const key of request.query.keys()) {
          if (key !== 'type' && key !== 'id')
            throw new ControlError(`Unknown query parameter "${key}"; use "type" and "id".`);
        }
        const wanted = request.query.get('type');
        if (wanted === null) throw new ControlError('The query parameter "type" is missing.');
        const one = request.query.get('id');
        const found = actions.records(wanted, one);
        if (one !== null && found === null)
          return { status: 404, body: { error: `There is no ${wanted} with id ${one}.` } };
        return ok(found);
      },
    },
    {
      method: 'POST',
      pattern: '/__sandbox/reset',
      handle: () => {
        recorder.reset();
        for (const limit of limits) limit.reset();
        time.reset();
        faults.reset();
        actions.reset();
        return ok(undefined);
      },
    },
    post('edit', EditInput, (input) => actions.edit(input)),
    post('create', CreateInput, (input) => actions.create(input)),
    post('merge', MergeInput, (input) => actions.merge(input)),
    post('delete', DeleteInput, (input) => actions.delete(input)),
    post('associate', AssociateInput, (input) => actions.associate(input)),
    post('clock', ClockInput, (input) => {
      time.advance(input.advance);
      return { now: time.now() };
    }),
    ...(actions.field === undefined
      ? []
      : [post('field', FieldChange, (input) => actions.field?.(checkChange(input)))]),
    { method: 'GET', pattern: '/__sandbox/faults', handle: () => ok({ faults: faults.list() }) },
    {
      method: 'POST',
      pattern: '/__sandbox/fault',
      handle: (request) => {
        const body = readInput(z.record(z.string(), z.unknown()), request);
        if (!Object.hasOwn(body, 'clear')) return ok(faults.add(body));
        const { clear } = readInput(ClearInput, request);
        faults.clear(clear === true ? null : clear);
        return ok(undefined);
      },
    },
    ...(actions.extra ?? []),
  ];
}

function checkChange(input: FieldChange): FieldChange {
  const needs = input.action === 'rename' || input.action === 'retype';
  if (needs && input.to === undefined) throw new ControlError(`The action "${input.action}" needs "to".`);
  if (!needs && input.to !== undefined) throw new ControlError(`"to" does not go with "${input.action}".`);
  return input;
}

/** Parses a control body by a strict schema; throws `ControlError` naming what was found and expected. */
export function readInput<Input>(schema: z.ZodType<Input>, request: KitRequest): Input {
  let body: unknown;
  try {
    body = jsonBody(request);
  } catch {
    throw new ControlError('The body is not JSON; send a JSON object.');
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new ControlError(
    parsed.error.issues
      .map((issue) => `${issue.path.length > 0 ? `${issue.path.join('.')}: ` : ''}${issue.message}`)
      .join('; '),
  );
}
