import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/**
 * What a connection through the proxy suffers; the way is from the server to the client.
 * `latency`: every piece later by `ms` · `bandwidth`: at most so many bytes a second · `slicer`: in pieces of
 * `bytes`, `pauseMs` apart · `timeout`: accepted, then nothing for ever, in both directions · `reset`: cut with RST
 * after `atByte` bytes · `half-open`: after `atByte` bytes the server is gone and the client is not told.
 */
export type NetworkFault =
  | { readonly kind: 'latency'; readonly ms: number }
  | { readonly kind: 'bandwidth'; readonly bytesPerSecond: number }
  | { readonly kind: 'slicer'; readonly bytes: number; readonly pauseMs: number }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'reset'; readonly atByte: number }
  | { readonly kind: 'half-open'; readonly atByte: number };

export interface FaultProxy {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Connections accepted so far. */
  readonly connections: () => number;
  /** The next `times` new connections suffer this; faults asked for earlier come first. */
  next(fault: NetworkFault, times?: number): void;
  /** All new connections suffer this unless `next` says otherwise; null heals. */
  always(fault: NetworkFault | null): void;
  close(): Promise<void>;
}

/** A TCP proxy for what no HTTP server can do to its clients. `target` is the origin of a server on this machine. */
export async function createFaultProxy(target: string): Promise<FaultProxy> {
  const { hostname, port } = new URL(target);
  const open = new Set<Socket>();
  const timers = new Set<NodeJS.Timeout>();
  const queued: NetworkFault[] = [];
  let lasting: NetworkFault | null = null;
  let accepted = 0;
  const later = (ms: number, act: () => void): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      act();
    }, ms);
    timers.add(timer);
  };
  const keep = (socket: Socket): void => {
    open.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => open.delete(socket));
  };

  // Half-open sockets are wanted: a FIN is passed on when what came before it has been.
  const server = createServer({ allowHalfOpen: true }, (client) => {
    accepted += 1;
    keep(client);
    const fault = queued.shift() ?? lasting;
    if (fault?.kind === 'timeout') {
      client.resume();
      return;
    }
    const upstream = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    keep(upstream);
    client.pipe(upstream);
    let gone = false;
    const down = createPipe(client, fault, later, () => {
      gone = true;
      upstream.destroy();
    });
    upstream.on('data', (chunk: Buffer) => down.write(chunk));
    upstream.on('end', () => down.end());
    upstream.on('close', () => {
      if (!gone) down.end();
    });
    client.on('close', () => upstream.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => accepted,
    next: (fault, times = 1) => {
      for (let index = 0; index < times; index += 1) queued.push(fault);
    },
    always: (fault) => {
      lasting = fault;
    },
    close: () =>
      new Promise((resolve) => {
        for (const timer of timers) clearTimeout(timer);
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

interface Pipe {
  write(chunk: Buffer): void;
  end(): void;
}

/** Bytes to the client, in order, each piece at its own time. */
function createPipe(
  client: Socket,
  fault: NetworkFault | null,
  later: (ms: number, act: () => void) => void,
  drop: () => void,
): Pipe {
  let passed = 0;
  let free = performance.now();
  let dead = false;
  const at = (when: number, act: () => void): void => {
    const wait = when - performance.now();
    if (wait <= 0 && fault === null) act();
    else later(Math.max(0, wait), act);
  };
  const send = (piece: Buffer, pause: number): void => {
    free = Math.max(free, performance.now()) + pause;
    at(free, () => {
      if (!client.destroyed) client.write(piece);
    });
  };
  return {
    write: (chunk) => {
      if (dead) return;
      switch (fault?.kind) {
        case 'latency': {
          const { ms } = fault;
          free = Math.max(free, performance.now() + ms);
          at(free, () => {
            if (!client.destroyed) client.write(chunk);
          });
          return;
        }
        case 'bandwidth':
          for (const piece of slices(chunk, 1_024))
            send(piece, (piece.length / fault.bytesPerSecond) * 1_000);
          return;
        case 'slicer':
          for (const piece of slices(chunk, fault.bytes)) send(piece, fault.pauseMs);
          return;
        case 'reset':
        case 'half-open': {
          const left = fault.atByte - passed;
          passed += chunk.length;
          if (chunk.length < left) {
            client.write(chunk);
            return;
          }
          dead = true;
          const cut = fault.kind === 'reset' ? () => client.resetAndDestroy() : () => {};
          drop();
          if (left > 0) client.write(chunk.subarray(0, left), () => cut());
          else cut();
          return;
        }
        default:
          client.write(chunk);
      }
    },
    end: () => {
      if (dead) return;
      dead = true;
      if (fault === null) client.end();
      else at(free, () => client.end());
    },
  };
}

function slices(chunk: Buffer, size: number): readonly Buffer[] {
  const pieces: Buffer[] = [];
  for (let start = 0; start < chunk.length; start += size) pieces.push(chunk.subarray(start, start + size));
  return pieces;
}
