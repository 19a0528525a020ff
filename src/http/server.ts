import type { AddressInfo } from 'node:net';
import express from 'express';
import helmet from 'helmet';
import type { Clock } from '../model/clock.ts';
import { WaystageError } from '../model/errors.ts';
import type { Store } from '../store/port.ts';
import { STYLE, statusPage } from './page.ts';
import { type ConnectionShape, type JourneyShape, readStatus } from './status.ts';

export interface WebOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly timezone: string;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly connections: readonly ConnectionShape[];
  /** Asked at each request: a changed mapping shows at once. */
  journeys(): readonly JourneyShape[];
  mappingProblem(): string | null;
}

export interface Web {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves the status page and the health checks. Throws `usage` when the port is taken. */
export async function startWeb(options: WebOptions): Promise<Web> {
  const app = express();
  app.disable('x-powered-by');
  app.use(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'none'"],
          styleSrc: ["'self'"],
          imgSrc: ["'self'"],
          frameAncestors: ["'none'"],
          baseUri: ["'none'"],
          formAction: ["'none'"],
        },
      },
      // Plain http on the own machine by default; a proxy in front adds this.
      strictTransportSecurity: false,
    }),
  );
  app.get('/', async (_request, response) => {
    const status = await readStatus(
      options.store,
      options.connections,
      options.journeys(),
      options.mappingProblem(),
    );
    response
      .type('html')
      .set('Cache-Control', 'no-store')
      .send(statusPage(status, options.clock.now(), options.timezone));
  });
  app.get('/style.css', (_request, response) => {
    response.type('css').send(STYLE);
  });
  // Alive: the process answers. Ready: it can also store.
  app.get('/healthz', (_request, response) => {
    response.json({ status: 'ok' });
  });
  app.get('/readyz', async (_request, response) => {
    try {
      await options.store.ping();
      response.json({ status: 'ok' });
    } catch {
      response.status(503).json({ status: 'unavailable', reason: 'the database does not accept writes' });
    }
  });
  app.use((_request, response) => {
    response.status(404).type('text').send('There is no such page. The status page is at /.\n');
  });
  app.use(((_error, _request, response, _next) => {
    response
      .status(500)
      .type('text')
      .send('The page could not be made. The log of `waystage serve` tells more.\n');
  }) satisfies express.ErrorRequestHandler);
  const server = await new Promise<ReturnType<typeof app.listen>>((resolve, reject) => {
    const listening = app.listen(options.port, options.host, (error?: Error) => {
      if (error === undefined) resolve(listening);
      else reject(portError(error, options.port));
    });
  });
  server.requestTimeout = 30_000;
  const address = server.address() as AddressInfo;
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    url: `http://${host}:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function portError(error: Error, port: number): Error {
  const code = (error as NodeJS.ErrnoException).code;
  if (code !== 'EADDRINUSE' && code !== 'EACCES') return error;
  const what = code === 'EADDRINUSE' ? 'is already in use' : 'may not be used without more rights';
  return new WaystageError(
    'usage',
    `Port ${port} ${what}. Choose another with --port or PORT (0: any free one).`,
    { cause: error },
  );
}
