import { setTimeout as delay } from 'node:timers/promises';
import type { ContextStore } from '@org/context-store';
import type { FaultLog, Logger } from '@org/logger-pino';
import type { McpHttpHandler } from '@org/mcp';
import { within } from '@org/redis-connection/within';
import type { HttpServer } from '../http/http-server.js';
import type { RateLimiter } from '../limits/rate-limiter.js';
import type { OpenedTelemetry } from '../telemetry/open-telemetry.js';

export interface RunningServer {
  /** Aborting it makes the server report that it is not ready, answer waiting calls, and end subscriptions. */
  readonly stopping: AbortController;
  readonly server: Pick<HttpServer, 'drain'>;
  readonly contextStore: Pick<ContextStore, 'close'>;
  readonly handler: Pick<McpHttpHandler, 'close'>;
  readonly rateLimiter: Pick<RateLimiter, 'close'> | undefined;
  readonly telemetry: Pick<OpenedTelemetry, 'close'>;
  readonly faults: FaultLog;
  readonly log: Logger;
}

/**
 * The deadlines of a stop, in milliseconds after the port is closed. Supervisors kill a process after ten seconds.
 *
 * | after    | what happens                                                                     |
 * | -------- | -------------------------------------------------------------------------------- |
 * | 6 s      | the store closes; a database that owes answers gets one more second              |
 * | 7 s      | connections to the database are cut, which answers the calls that wait for it    |
 * | 8 s      | connections of clients are cut                                                   |
 * | 9 s      | the process ends                                                                 |
 */
const deadlines = { finishMs: 6000, databaseMs: 1000, cutMs: 8000, exitMs: 9000 } as const;

/**
 * Stops in this order: first what brings new work, last what reports on the rest.
 *
 * 1. `/ready` answers 503, waiting calls are answered, and subscriptions end. Other calls are served for `drainDelayMs`, so
 *    that load balancers notice.
 * 2. The port closes, and calls under way are finished.
 * 3. The store closes, which answers the calls that are left.
 * 4. The MCP handler, the rate limiter, telemetry and the fault log close.
 *
 * @returns true if telemetry sent everything; otherwise an open request keeps the process alive for some time
 */
export async function stop(running: RunningServer, drainDelayMs: number): Promise<boolean> {
  const { stopping, server, contextStore, handler, rateLimiter, telemetry, faults, log } = running;
  stopping.abort();
  await delay(drainDelayMs);
  setTimeout(() => exitAnyway(log, faults), deadlines.exitMs).unref();
  const drained = server.drain(deadlines.cutMs);
  // Calls that are still under way then are answered by closing the store.
  await within(deadlines.finishMs, drained).catch(() => undefined);
  await Promise.all([contextStore.close(deadlines.databaseMs), drained]);
  await handler.close();
  await rateLimiter?.close();
  const isSent = await telemetry.close();
  faults.close();
  log.info('Stopped');
  return isSent;
}

function exitAnyway(log: Logger, faults: FaultLog): never {
  faults.close();
  log.warn('Stopped, though something did not come to its end in time');
  process.exit(0);
}
