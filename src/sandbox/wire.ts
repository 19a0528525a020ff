import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import type { Clock } from '../model/clock.ts';
import type { KitAnswer } from './exchange.ts';
import type { MetFault } from './faults.ts';

export interface SendOptions {
  /** For the `Date` header, epoch milliseconds. */
  readonly date: number;
  /** Compress answers above 1 KB for clients that accept it. */
  readonly gzip: boolean;
  /** Damages the answer on its way. */
  readonly fault: MetFault | null;
  readonly clock: Clock;
}

const GZIP_FROM = 1_024;
const PIECES = 100;
const DATE_OFF_MS = 600_000;

/** Sends an answer; with a fault, damaged as its kind says. */
export async function send(
  message: IncomingMessage,
  response: ServerResponse,
  answer: KitAnswer,
  options: SendOptions,
): Promise<void> {
  const { fault } = options;
  const kind = fault?.kind;
  if (kind === 'never') return;
  if (kind === 'reset') {
    message.socket.resetAndDestroy();
    return;
  }
  const { bytes: whole, contentType } = bytesOf(kind === 'wrong-count' ? oneFewer(answer) : answer);
  let bytes = whole;
  response.sendDate = false;
  response.statusCode = answer.status;
  const offset = kind === 'date-off' ? (fault?.input.offsetMs ?? DATE_OFF_MS) : 0;
  response.setHeader('Date', new Date(options.date + offset).toUTCString());
  if (contentType !== null) response.setHeader('Content-Type', contentType);
  for (const [name, text] of Object.entries({ ...answer.headers, ...fault?.input.headers }))
    response.setHeader(name, text);
  if (bytes !== null && kind === 'truncate') bytes = bytes.subarray(0, Math.floor(bytes.length / 2));
  if (kind === 'malformed') bytes = malformed(bytes);
  if (bytes === null) {
    if (answer.status !== 204 && answer.status !== 304) response.setHeader('Content-Length', '0');
    if (kind === 'reset-mid-body') message.socket.resetAndDestroy();
    else response.end();
    return;
  }
  const accepts = /\bgzip\b/i.test(String(message.headers['accept-encoding'] ?? ''));
  const wanted = (options.gzip && bytes.length > GZIP_FROM) || kind === 'gzip-broken';
  if (wanted && accepts) {
    bytes = gzipSync(bytes, { level: 1 });
    if (kind === 'gzip-broken') bytes = broken(bytes);
    response.setHeader('Content-Encoding', 'gzip');
    response.setHeader('Vary', 'Accept-Encoding');
  }
  response.setHeader('Content-Length', String(bytes.length));
  if (message.method === 'HEAD') response.end();
  else if (kind === 'reset-mid-body') {
    response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => message.socket.resetAndDestroy());
  } else if (kind === 'slow-body') {
    await dribble(response, bytes, fault?.input.latencyMs ?? 1_000, options.clock);
  } else response.end(bytes);
}

function bytesOf(answer: KitAnswer): { readonly bytes: Buffer | null; readonly contentType: string | null } {
  const { body } = answer;
  if (Buffer.isBuffer(body)) return { bytes: body, contentType: null };
  if (typeof body === 'string')
    return { bytes: Buffer.from(body, 'utf8'), contentType: 'text/plain;charset=utf-8' };
  return body === undefined
    ? { bytes: null, contentType: null }
    : { bytes: Buffer.from(JSON.stringify(body), 'utf8'), contentType: 'application/json;charset=utf-8' };
}

/** Of full length where there is a body, and no JSON any more. */
function malformed(bytes: Buffer | null): Buffer {
  if (bytes === null || bytes.length < 2) return Buffer.from('{"results":[}');
  const copy = Buffer.from(bytes);
  copy[copy.length - 1] = ','.charCodeAt(0);
  return copy;
}

/** Valid at both ends, damaged in between: only unpacking to the end finds it. */
function broken(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const trailer = copy.length - 8;
  copy[trailer] = copy[trailer]! ^ 0xff;
  return copy;
}

/** Without the last row of its list; what it says about their number stays. */
function oneFewer(answer: KitAnswer): KitAnswer {
  const { body } = answer;
  if (Array.isArray(body)) return { ...answer, body: body.slice(0, -1) };
  if (typeof body !== 'object' || body === null || Buffer.isBuffer(body)) return answer;
  for (const name of ['results', 'records']) {
    const rows = (body as Readonly<Record<string, unknown>>)[name];
    if (Array.isArray(rows)) return { ...answer, body: { ...body, [name]: rows.slice(0, -1) } };
  }
  return answer;
}

async function dribble(response: ServerResponse, bytes: Buffer, pause: number, clock: Clock): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const size = Math.max(1, Math.ceil(bytes.length / PIECES));
  for (let start = 0; start < bytes.length; start += size) {
    try {
      await clock.sleep(pause, gone.signal);
    } catch {
      return;
    }
    response.write(bytes.subarray(start, start + size));
  }
  response.end();
}
