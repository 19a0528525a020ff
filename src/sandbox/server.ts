import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../model/clock.ts';
import { type ControlActions, controlRoutes } from './control.ts';
import { ControlError } from './control-error.ts';
import type { KitAnswer, KitRequest, Route } from './exchange.ts';
import { createFaults, type Faults, type MetFault, type VendorFaults, type Work } from './faults.ts';
import type { WindowLimit } from './limits.ts';
import { createRecorder } from './recorder.ts';
import { createRouter, type Router } from './router.ts';
import type { SandboxTime } from './time.ts';
import { send } from './wire.ts';

const CONTROL_PREFIX = '/__sandbox';
/** Above it even the control routes are refused, so that nothing can fill the memory. */
const DEFAULT_MAX_BODY = 16 * 1024 * 1024;
const DEFAULT_MAX_URL = 16_384;

/** What makes the server one vendor's: its routes, and its shapes for everything that goes wrong. */
export interface Vendor {
  readonly routes: readonly Route[];
  /** Limits shown in `GET /__sandbox/requests` and cleared by a reset. The vendor takes from them in `before`. */
  readonly limits: readonly WindowLimit[];
  readonly control: ControlActions;
  /** Named faults and error bodies of this vendor, for `POST /__sandbox/fault`. */
  readonly faults?: VendorFaults;
  /** Runs before the route, also when none matches (`route` null): token, limits. An answer ends the
   *  request there. */
  before(request: KitRequest, route: Route | null): KitAnswer | null | Promise<KitAnswer | null>;
  notFound(request: KitRequest): KitAnswer;
  wrongMethod(request: KitRequest, allowed: readonly string[]): KitAnswer;
  urlTooLong(request: KitRequest): KitAnswer;
  bodyTooLarge(request: KitRequest): KitAnswer;
  /** Turns whatever a handler threw into the vendor's error body; a bug of the sandbox becomes a 500. */
  failed(error: unknown, request: KitRequest): KitAnswer;
  /** Last touch on every vendor answer, such as limit headers. */
  finish?(request: KitRequest, answer: KitAnswer): KitAnswer;
}

export interface ServerOptions {
  readonly vendor: Vendor;
  readonly time: SandboxTime;
  readonly clock: Clock;
  /** 0: any free port of 127.0.0.1. */
  readonly port: number;
  readonly latencyMs?: number;
  readonly maxBodyBytes?: number;
  readonly maxUrlLength?: number;
  /** Compress answers above 1 KB for clients that accept it; default false. */
  readonly gzip?: boolean;
  /** Faults in force from the start and after every reset, as `POST /__sandbox/fault` takes them. */
  readonly faults?: readonly unknown[];
}

export interface RunningServer {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Ends open connections too. */
  close(): Promise<void>;
}

/** Starts one sandbox server on the loopback address. Rejects when the port is taken, and with `ControlError` when
 *  one of the `faults` is wrong. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { vendor, time } = options;
  const recorder = createRecorder();
  const vendorRouter = createRouter(vendor.routes);
  const faults = createFaults({
    plan: options.faults ?? [],
    vendor: vendor.faults,
    routes: vendor.routes,
    router: vendorRouter,
  });
  const control = controlRoutes({ actions: vendor.control, time, recorder, limits: vendor.limits, faults });
  const controlRouter = createRouter(control);
  const maxUrl = options.maxUrlLength ?? DEFAULT_MAX_URL;

  const respond = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = message.url ?? '/';
    const isControl = url.startsWith(`${CONTROL_PREFIX}/`);
    const { request, match } = describe(message, url, isControl ? controlRouter : vendorRouter, time.now());
    const body = await readBody(message, options.maxBodyBytes ?? DEFAULT_MAX_BODY);
    const complete: KitRequest = { ...request, body: body ?? Buffer.alloc(0) };
    let answer: KitAnswer;
    let fault: MetFault | null = null;
    if (isControl) {
      answer = await answerControl(complete, match, body === null, control);
    } else {
      const early = tooBig(complete, body === null, url.length > maxUrl, vendor);
      ({ answer, fault } = await answerVendor(complete, match, early, vendor, faults));
      recorder.record(complete.route, answer.status === 429 || answer.refused === true);
    }
    const late = fault !== null && fault.kind !== 'slow-body' ? (fault.input.latencyMs ?? 0) : 0;
    const latency = isControl ? 0 : (options.latencyMs ?? 0) + late;
    if (latency > 0) await options.clock.sleep(latency);
    await send(message, response, answer, {
      date: time.now(),
      gzip: options.gzip === true,
      fault,
      clock: options.clock,
    });
    // The rest of an oversized body is never read: the connection cannot be used again.
    if (body === null) response.once('finish', () => message.destroy());
  };

  // Node's own cap on headers (16 KB) would answer 431 where a vendor answers 414 for a long URL.
  const server = createServer(
    { maxHeaderSize: 256 * 1024, keepAliveTimeout: 60_000 },
    (message, response) => {
      respond(message, response).catch(() => {
        // The client went away in the middle of its body: nobody is left to answer.
        response.destroy();
      });
    },
  );
  await listen(server, options.port);
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => closeServer(server) };
}

function describe(
  message: IncomingMessage,
  url: string,
  router: Router,
  at: number,
): { readonly request: KitRequest; readonly match: ReturnType<Router['match']> } {
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const method = message.method ?? 'GET';
  const match = router.match(method, path);
  return {
    match,
    request: {
      method,
      path,
      url,
      query: new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)),
      params: match.kind === 'found' ? match.params : {},
      headers: message.headers,
      body: Buffer.alloc(0),
      route: match.kind === 'found' ? `${method} ${match.route.pattern}` : `${method} (unknown path)`,
      at,
    },
  };
}

function tooBig(request: KitRequest, tooLarge: boolean, tooLong: boolean, vendor: Vendor): KitAnswer | null {
  if (tooLong) return vendor.urlTooLong(request);
  return tooLarge ? vendor.bodyTooLarge(request) : null;
}

/** Faults come after token and limits: what those refuse, no fault meets. */
async function answerVendor(
  request: KitRequest,
  match: ReturnType<Router['match']>,
  early: KitAnswer | null,
  vendor: Vendor,
  faults: Faults,
): Promise<{ readonly answer: KitAnswer; readonly fault: MetFault | null }> {
  let answer: KitAnswer;
  let fault: MetFault | null = null;
  const work: Work = async (given) => {
    try {
      if (match.kind === 'found') return await match.route.handle(given);
      return match.kind === 'wrong-method'
        ? vendor.wrongMethod(given, match.allowed)
        : vendor.notFound(given);
    } catch (error) {
      return vendor.failed(error, given);
    }
  };
  try {
    const refused = early ?? (await vendor.before(request, match.kind === 'found' ? match.route : null));
    fault = refused === null ? faults.meet(request) : null;
    answer = refused ?? (await (fault?.answer ?? ((given: KitRequest) => work(given)))(request, work));
  } catch (error) {
    answer = vendor.failed(error, request);
  }
  return { answer: vendor.finish === undefined ? answer : vendor.finish(request, answer), fault };
}

async function answerControl(
  request: KitRequest,
  match: ReturnType<Router['match']>,
  tooLarge: boolean,
  known: readonly Route[],
): Promise<KitAnswer> {
  if (tooLarge) return { status: 413, body: { error: 'The body is too large for a control route.' } };
  if (match.kind !== 'found') {
    return {
      status: match.kind === 'unknown' ? 404 : 405,
      body: {
        error: `There is no control route ${request.method} ${request.path}.`,
        routes: known.map((route) => `${route.method} ${route.pattern}`),
      },
    };
  }
  try {
    return await match.route.handle(request);
  } catch (error) {
    if (error instanceof ControlError) return { status: 400, body: { error: error.message } };
    return { status: 500, body: { error: error instanceof Error ? error.message : String(error) } };
  }
}

/** The whole body, or null as soon as it is larger than `cap`. */
function readBody(message: IncomingMessage, cap: number): Promise<Buffer | null> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    message.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > cap) {
        message.pause();
        message.removeAllListeners('data');
        resolve(null);
      } else {
        chunks.push(chunk);
      }
    });
    message.once('end', () => resolve(Buffer.concat(chunks)));
    message.once('error', reject);
    message.once('close', () => reject(new Error('The client closed the connection inside its request.')));
  });
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(error)));
    server.closeAllConnections();
  });
}
