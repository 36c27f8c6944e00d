import type { Writable } from 'node:stream';
import { logDatabase, logRedis } from '@org/context-store/command';
import type { OtelRequest } from '@org/context-store/otel-environment';
import type { ContextStore, OpenContextStoreOptions } from '@org/context-store';
import { openConfiguredStore } from '@org/context-store/environment';
import { findProject } from '@org/context-store/find-project';
import { maxMessageBytes, serveMcpStdio, type ServeMcpStdioOptions } from '@org/mcp';
import type { OtelSdk } from '@org/telemetry-otel/sdk';
import type { LazyLog } from './lazy-log.js';
import { LineTransport } from './line-transport.js';
import { untilOrphaned } from './until-orphaned.js';

export interface ServeOptions {
  readonly version: string;
  readonly options: OpenContextStoreOptions;
  readonly maxContentBytes: number;
  /** Which telemetry to start. */
  readonly otel: Pick<OtelRequest, 'isTraced' | 'pushesMetrics'>;
  readonly log: LazyLog;
  /** Resolves with the first stop signal. */
  readonly stopped: Promise<unknown>;
  /** Answers are written to it. */
  readonly output: Writable;
  /** The project of the client, or `none`. Undefined if it is found by the client's folders. */
  readonly project: string | undefined;
  /** True if calls may have a line in the log. */
  readonly logsCalls: boolean;
  /** What the names of all metrics begin with. */
  readonly metricsPrefix: string | undefined;
}

/** Calls that take longer than this after the last request was read are abandoned. */
const finishWithinMs = 8000;

/**
 * Serves one client on standard input and output. It stops when the client leaves, when the process that started this one
 * ends, or at a stop signal. Every request that was read is answered first.
 *
 * @returns false if an unfinished export of telemetry may keep the process alive for a while
 */
export async function serve(options: ServeOptions): Promise<boolean> {
  const { version, maxContentBytes, output } = options;
  const stopRequested = Promise.race([options.stopped, untilOrphaned()]);
  const sdk = await startOtel(options);
  const contextStore = await openStore(options, sdk, stopRequested);
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
    caller: () => (options.project === undefined ? {} : { project: options.project }),
    localProjects: { findProject, folders: processFolders() },
    stopping: stopping.signal,
    telemetry: sdk?.telemetry,
    ...logging(options, sdk),
  });

  void stopRequested.then(() => transport.finish());
  await transport.finishing;
  stopping.abort();
  setTimeout(() => process.exit(1), finishWithinMs).unref();
  await transport.closed;
  await contextStore.close();
  return (await sdk?.close()) ?? true;
}

/**
 * Where the client has started this process. Claude Code names the folder of its project; other clients start the process
 * there, or in a folder that says nothing.
 */
function processFolders(): readonly string[] {
  const { CLAUDE_PROJECT_DIR: claudesFolder = '' } = process.env;
  return [...(claudesFolder === '' ? [] : [claudesFolder]), '.'];
}

/** OpenTelemetry is loaded only if the environment asks for it: loading it takes as long as the rest of the start. */
async function startOtel({ otel, version, log, metricsPrefix }: ServeOptions): Promise<OtelSdk | undefined> {
  const { isTraced, pushesMetrics } = otel;
  if (!isTraced && !pushesMetrics) return undefined;
  const { startOtelSdk } = await import('@org/telemetry-otel/sdk');
  return startOtelSdk({
    serviceName: 'mcp-stdio',
    version,
    isTraced,
    pushesMetrics,
    metricsPrefix,
    log: linesOf(log).warn,
  });
}

/** Exits at once if a stop is requested before the store is open. Nothing is left half done: a migration is atomic. */
async function openStore(
  { options, log }: ServeOptions,
  sdk: OtelSdk | undefined,
  stopRequested: Promise<unknown>,
): Promise<ContextStore> {
  let isOpen = false;
  void stopRequested.then(() => isOpen || process.exit(0));
  const lines = linesOf(log);
  const contextStore = await openConfiguredStore({
    ...logDatabase(logRedis(options, lines), lines),
    telemetry: sdk?.telemetry,
  });
  isOpen = true;
  return contextStore;
}

const linesOf = (log: LazyLog) => ({
  info: (message: string) => log.write((logger) => logger.info(message)),
  warn: (message: string) => log.write((logger) => logger.warn(message)),
});

const logging = (
  { log, logsCalls }: ServeOptions,
  sdk: OtelSdk | undefined,
): Pick<ServeMcpStdioOptions, 'onError' | 'onCall' | 'onConnectionError'> => ({
  onError: (error, { request, ...call }) =>
    log.write((_logger, faults) => faults.report(error, { ...call, traceId: sdk?.traceIdOf(request) })),
  onCall: logsCalls
    ? ({ request, ...call }) => log.writeCall({ ...call, traceId: sdk?.traceIdOf(request) })
    : undefined,
  // Without the error's message, which may quote what the client sent.
  onConnectionError: ({ name }) => log.write((logger) => logger.warn({ type: name }, 'A message could not be served')),
});
