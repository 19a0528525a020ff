import { type IncomingMessage, type Agent as PlainAgent, request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import type { Clock } from '../model/clock.ts';
import {
  bodyFailure,
  deadlineFailure,
  type Failure,
  networkFailure,
  requestName,
  stoppedFailure,
} from './errors.ts';
import type { Deadlines, HttpAnswer, HttpRequest } from './port.ts';
import { spoolBody } from './spool.ts';

export interface Answered {
  readonly kind: 'answer';
  readonly answer: HttpAnswer;
}

export interface ExchangeInput {
  readonly request: HttpRequest;
  readonly url: URL;
  readonly agent: PlainAgent;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

const DECODERS: Readonly<
  Record<string, (data: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>>
> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
};

/** Why timers are ended. The reason an `abort()` without one makes, with its stack, costs more than the timer. */
const OVER = new Error('no longer waited for');

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** One request and its complete answer, or why there is none; never rejects. Node's own client rather than
 *  `fetch`, because its sockets can be owned and closed, and compressed bodies can be counted on both sides. */
export async function exchange(input: ExchangeInput): Promise<Answered | Failure> {
  const raw = await receive(input);
  if (raw.kind === 'failure') return raw;
  return decode(raw.message, raw.body, input);
}

interface Received {
  readonly kind: 'received';
  readonly message: IncomingMessage;
  /** Null: in the request's file, checked and decompressed. */
  readonly body: Buffer | null;
}

function receive(input: ExchangeInput): Promise<Received | Failure> {
  const { request, url, clock, deadlines, maxBytes, signal } = input;
  const name = requestName(request.method, url);
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve(stoppedFailure(name, false));
      return;
    }
    const body = request.body === undefined ? undefined : Buffer.from(request.body, 'utf8');
    const started = clock.now();
    let connected = false;
    let settled = false;
    let writing: Promise<void> | undefined;
    let timer = new AbortController();
    const send = url.protocol === 'https:' ? requestTls : requestPlain;
    const outgoing = send(url, {
      method: request.method,
      agent: input.agent,
      headers: headersOf(request, body),
    });

    const settle = (result: Received | Failure): void => {
      if (settled) return;
      settled = true;
      timer.abort(OVER);
      signal.removeEventListener('abort', onStop);
      if (result.kind === 'failure') outgoing.destroy();
      // The next try uses the same file: this one must have let go of it.
      resolve(writing === undefined ? result : writing.then(() => result));
    };
    const deadline = (ms: number, what: string): void => {
      timer.abort(OVER);
      timer = new AbortController();
      clock.sleep(ms, timer.signal).then(
        () => settle(deadlineFailure(name, what, ms, connected)),
        () => undefined,
      );
    };
    const onStop = (): void => settle(stoppedFailure(name, connected));
    signal.addEventListener('abort', onStop, { once: true });

    outgoing.on('socket', (socket) => {
      if (outgoing.reusedSocket) {
        connected = true;
        return;
      }
      const secure = (socket as Partial<TLSSocket>).encrypted === true;
      if (!secure && !socket.connecting) connected = true;
      else
        socket.once(secure ? 'secureConnect' : 'connect', () => {
          connected = true;
        });
    });
    outgoing.on('error', (error) => settle(networkFailure(name, error, connected)));
    outgoing.on('response', (message) => {
      connected = true;
      const left = Math.max(1, deadlines.total - (clock.now() - started));
      deadline(Math.min(deadlines.body, left), 'the answer was not complete');
      const status = message.statusCode ?? 0;
      if (request.spool !== undefined && status >= 200 && status < 300) {
        // Its own signal: whatever settles the exchange early also ends the writing.
        const spooled = spoolBody(message, request.spool, timer.signal);
        writing = spooled.then(
          () => undefined,
          () => undefined,
        );
        spooled.then(
          (failure) =>
            settle(
              failure === null
                ? { kind: 'received', message, body: null }
                : bodyFailure(name, `answered ${status} ${failure.what}`, failure.again, failure.cause),
            ),
          (error) => settle(networkFailure(name, error, true)),
        );
        return;
      }
      const chunks: Buffer[] = [];
      let size = 0;
      message.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > maxBytes) settle(tooLarge(name, maxBytes));
        else chunks.push(chunk);
      });
      message.on('error', (error) => settle(networkFailure(name, error, true)));
      message.on('aborted', () => settle(networkFailure(name, { code: 'ECONNRESET' }, true)));
      message.on('end', () => settle({ kind: 'received', message, body: Buffer.concat(chunks) }));
    });
    deadline(Math.min(deadlines.headers, deadlines.total), 'no answer');
    outgoing.end(body);
  });
}

function headersOf(request: HttpRequest, body: Buffer | undefined): Record<string, string | number> {
  const headers: Record<string, string | number> = { accept: 'application/json', 'accept-encoding': 'gzip' };
  for (const [name, value] of Object.entries(request.headers ?? {})) headers[name.toLowerCase()] = value;
  if (body !== undefined) headers['content-length'] = body.length;
  return headers;
}

async function decode(
  message: IncomingMessage,
  body: Buffer | null,
  input: ExchangeInput,
): Promise<Answered | Failure> {
  const name = requestName(input.request.method, input.url);
  const status = message.statusCode ?? 0;
  const headers: Record<string, string> = {};
  for (const [key, value] of Object.entries(message.headers)) {
    if (value !== undefined) headers[key] = Array.isArray(value) ? value.join(', ') : value;
  }
  if (REDIRECTS.has(status)) {
    return bodyFailure(
      name,
      `answered ${status} with a redirect; redirects are never followed, check the address of the CRM`,
      false,
    );
  }
  const date = headers['date'] === undefined ? Number.NaN : Date.parse(headers['date']);
  const serverTime = Number.isNaN(date) ? null : date;
  if (body === null) return { kind: 'answer', answer: { status, headers, text: '', serverTime } };
  const promised = headers['content-length'];
  if (promised !== undefined && status !== 204 && Number(promised) !== body.length) {
    return bodyFailure(
      name,
      `answered ${status} with ${body.length} bytes where ${promised} were announced`,
      true,
    );
  }
  let plain = body;
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (encoding !== 'identity' && body.length > 0) {
    const decoder = DECODERS[encoding];
    if (decoder === undefined) {
      return bodyFailure(
        name,
        `answered in the encoding ${JSON.stringify(encoding)}, which was not asked for`,
        false,
      );
    }
    try {
      plain = await decoder(body, { maxOutputLength: input.maxBytes });
    } catch (error) {
      if ((error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE')
        return tooLarge(name, input.maxBytes);
      return bodyFailure(name, `answered ${status} with a damaged ${encoding} body`, true, error);
    }
  }
  return { kind: 'answer', answer: { status, headers, text: plain.toString('utf8'), serverTime } };
}

function tooLarge(name: string, maxBytes: number): Failure {
  return bodyFailure(name, `the answer is larger than ${maxBytes} bytes and was refused`, false);
}
