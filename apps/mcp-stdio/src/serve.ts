import type { Writable } from 'node:stream';
import { logDatabase, logRedis } from '@org/context-store/command';
import type { OtelRequest } from '@org/context-store/otel-environment';
import { openContextStore, type OpenContextStoreOptions } from '@org/context-store';
import { maxMessageBytes, serveMcpStdio } from '@org/mcp';
import type { OtelSdk } from '@org/telemetry-otel/sdk';
import type { LateLog } from './late-log.js';
import { LineTransport } from './line-transport.js';
import { untilOrphaned } from './until-orphaned.js';

export interface ServeOptions {
  readonly version: string;
  readonly options: OpenContextStoreOptions;
  readonly maxContentBytes: number;
  /** Which telemetry to start. */
  readonly otel: Pick<OtelRequest, 'isTraced' | 'pushesMetrics'>;
  readonly log: LateLog;
  /** Resolves when the process is told to stop. */
  readonly stopped: Promise<unknown>;
  /** Where answers go. */
  readonly output: Writable;
  /** Whether every call gets a line. */
  readonly logsCalls: boolean;
}

/** A call that takes longer than this after a stop was asked for is given up. */
const stopWithinMs = 8000;

/**
 * Serves one client on standard input and output, until the client leaves, the process that started this one is gone, or
 * this one is told to stop. What was asked by then is still answered.
 *
 * @returns whether all came to its end; otherwise something is left that keeps the process from ending by itself for a while
 */
export async function serve({
  version,
  options,
  maxContentBytes,
  log,
  logsCalls,
  otel,
  stopped,
  output,
}: ServeOptions): Promise<boolean> {
  const operatorLog = {
    info: (message: string) => log.write((logger) => logger.info(message)),
    warn: (message: string) => log.write((logger) => logger.warn(message)),
  };
  const sdk = await startOtel(otel, version, operatorLog.warn);
  let isOpen = false;
  const over = Promise.race([stopped, untilOrphaned()]);
  // Nothing is half done: a database is migrated as a whole or not at all.
  void over.then(() => isOpen || process.exit(0));
  const contextStore = await openContextStore({
    ...logDatabase(logRedis(options, operatorLog), operatorLog),
    telemetry: sdk?.telemetry,
  });
  isOpen = true;
  const transport = new LineTransport({
    input: process.stdin,
    output,
    maxMessageBytes: maxMessageBytes(maxContentBytes),
  });
  const stopping = new AbortController();
  serveMcpStdio({
    transport,
    contextStore,
    version,
    rememberEpochs: true,
    stopping: stopping.signal,
    telemetry: sdk?.telemetry,
    onError: (error, { request, ...call }) =>
      log.write((_logger, faults) => faults.report(error, { ...call, traceId: sdk?.traceIdOf(request) })),
    onCall: logsCalls
      ? ({ request, ...call }) =>
          log.write((logger) => logger.debug({ ...call, traceId: sdk?.traceIdOf(request) }, 'Call'))
      : undefined,
    // Its message may quote what the client sent.
    onConnectionError: ({ name }) =>
      log.write((logger) => logger.warn({ type: name }, 'A message could not be served')),
  });

  void over.then(() => transport.finish());
  await transport.finishing;
  stopping.abort();
  setTimeout(() => process.exit(1), stopWithinMs).unref();
  await transport.closed;
  await contextStore.close();
  return (await sdk?.close()) ?? true;
}

/** Starts OpenTelemetry if the environment asks for it. It is loaded only then: loading it takes as long as all the rest. */
async function startOtel(
  { isTraced, pushesMetrics }: ServeOptions['otel'],
  version: string,
  log: (line: string) => void,
): Promise<OtelSdk | undefined> {
  if (!isTraced && !pushesMetrics) return undefined;
  const { startOtelSdk } = await import('@org/telemetry-otel/sdk');
  return startOtelSdk({ serviceName: 'mcp-stdio', version, isTraced, pushesMetrics, log });
}
