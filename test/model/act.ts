import type { Crm } from '../helpers/company.ts';
import type { Step } from './step.ts';
import type { Json, World } from './world.ts';

/** Carries out what people do in a CRM; false when the CRM refuses it or there is nothing to do it to. */
export async function act(world: World, step: Step): Promise<boolean> {
  switch (step.do) {
    case 'edit': {
      const id = await picked(world, step.crm, step.type, step.pick);
      if (id === null) return false;
      return done(
        world.control(step.crm, 'edit', { type: step.type, id, properties: { [step.field]: step.value } }),
      );
    }
    case 'create': {
      const toId = step.to === '' ? null : await picked(world, step.crm, step.to, step.pick);
      const associations = toId === null ? [] : [{ toType: step.to, toId }];
      return done(
        world.control(step.crm, 'create', { type: step.type, properties: step.values, associations }),
      );
    }
    case 'merge': {
      const id = await picked(world, step.crm, step.type, step.pick);
      const mergeId = await picked(world, step.crm, step.type, step.other);
      if (id === null || mergeId === null || id === mergeId) return false;
      return done(world.control(step.crm, 'merge', { type: step.type, id, mergeId }));
    }
    case 'delete': {
      const id = await picked(world, step.crm, step.type, step.pick);
      if (id === null) return false;
      return done(world.control(step.crm, 'delete', { type: step.type, id, purge: step.purge }));
    }
    case 'undelete': {
      const gone = (await world.records('salesforce', step.type)).filter((one) => one.IsDeleted);
      const one = gone[step.pick % gone.length];
      return (
        one !== undefined && done(world.control('salesforce', 'undelete', { type: step.type, id: one.Id }))
      );
    }
    case 'associate': {
      const id = await picked(world, step.crm, step.type, step.pick);
      const toId = await picked(world, step.crm, step.to, step.other);
      if (id === null || toId === null) return false;
      const how = step.how === 'plain' ? {} : step.how === 'primary' ? { primary: true } : { remove: true };
      return done(
        world.control(step.crm, 'associate', { type: step.type, id, toType: step.to, toId, ...how }),
      );
    }
    case 'convert': {
      const id = await picked(world, 'salesforce', 'Lead', step.pick);
      const account = await picked(world, 'salesforce', 'Account', step.account);
      if (id === null || account === null) return false;
      return done(
        world.control('salesforce', 'convert', {
          id,
          account,
          ...(step.opportunity ? { opportunity: 'Converted' } : {}),
        }),
      );
    }
    case 'restamp': {
      const [type, field] = step.crm === 'hubspot' ? ['deals', 'description'] : ['Opportunity', 'NextStep'];
      for (const { id } of await alive(world, step.crm, type!))
        await world.control(step.crm, 'edit', { type, id, properties: { [field!]: `round ${step.round}` } });
      return true;
    }
    case 'clock':
      world.clock.advance(step.ms);
      return true;
    case 'fault':
      if ((await world.control(step.crm, 'fault', step.fault)) === null)
        throw new Error(`The sandbox does not know the fault ${JSON.stringify(step.fault)}.`);
      return true;
    case 'heal':
      for (const name of ['hubspot', 'salesforce'] as const)
        await world.control(name, 'fault', { clear: true });
      return true;
    default:
      throw new Error(`${step.do} is no deed of people`);
  }
}

async function done(answer: Promise<Json>): Promise<boolean> {
  return (await answer) !== null;
}

async function alive(world: World, crm: Crm, type: string): Promise<readonly { readonly id: string }[]> {
  return (await world.records(crm, type))
    .filter((one) => one.archived !== true && one.IsDeleted !== true && one.IsConverted !== true)
    .map((one) => ({ id: one.id ?? one.Id }));
}

async function picked(world: World, crm: Crm, type: string, number: number): Promise<string | null> {
  const all = await alive(world, crm, type);
  return all[number % all.length]?.id ?? null;
}
