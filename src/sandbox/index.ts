export {
  type AssociateInput,
  type ControlActions,
  ControlError,
  type CreateInput,
  type DeleteInput,
  type EditInput,
  FieldValues,
  type MergeInput,
  readInput,
} from './control.ts';
export { jsonBody, type KitAnswer, type KitRequest, type Route } from './exchange.ts';
export { createWindowLimit, type LimitVerdict, type WindowLimit } from './limits.ts';
export type { RequestReport, Sandbox, SandboxOptions, SandboxWrite, StartSandbox } from './port.ts';
export { type RunningServer, type ServerOptions, startServer, type Vendor } from './server.ts';
export { createSandboxTime, type SandboxTime } from './time.ts';
export { createWriteLog, type WriteLog } from './writes.ts';
