export {
  type AssociateInput,
  type ControlActions,
  type CreateInput,
  type DeleteInput,
  type EditInput,
  type FieldChange,
  FieldValues,
  type MergeInput,
  readInput,
} from './control.ts';
export { ControlError } from './control-error.ts';
export { jsonBody, type KitAnswer, type KitRequest, type Route } from './exchange.ts';
export { FAULT_KINDS, FaultInput, type FaultKind } from './fault-input.ts';
export { readFaultPlan } from './fault-plan.ts';
export type { FaultReport, NamedFault, VendorFaults, Work } from './faults.ts';
export { createWindowLimit, type LimitVerdict, type WindowLimit } from './limits.ts';
export type { RequestReport, Sandbox, SandboxOptions, SandboxWrite, StartSandbox } from './port.ts';
export { type RunningServer, type ServerOptions, startServer, type Vendor } from './server.ts';
export { createSandboxTime, type SandboxTime } from './time.ts';
export { createWriteLog, type WriteLog } from './writes.ts';
