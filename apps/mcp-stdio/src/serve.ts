import { errorLine, logRedis } from '@org/context-store/command';
import { openContextStore, type OpenContextStoreOptions } from '@org/context-store';
import { maxMessageBytes, serveMcpStdio } from '@org/mcp';
import { LineTransport } from './line-transport.js';

export interface ServeOptions {
  readonly version: string;
  readonly options: OpenContextStoreOptions;
  readonly maxContentBytes: number;
  /** Takes one line. */
  readonly log: (line: string) => void;
}

/** A call that takes longer than this after a stop was asked for is given up. */
const stopWithinMs = 8000;

/**
 * Serves one client on standard input and output, until the client leaves or the process is told to stop. What was asked
 * by then is still answered.
 */
export async function serve({ version, options, maxContentBytes, log }: ServeOptions): Promise<void> {
  const contextStore = await openContextStore(logRedis(options, log));
  const transport = new LineTransport({
    input: process.stdin,
    output: process.stdout,
    maxMessageBytes: maxMessageBytes(maxContentBytes),
  });
  const stopping = new AbortController();
  serveMcpStdio({
    transport,
    contextStore,
    version,
    rememberEpochs: true,
    stopping: stopping.signal,
    onError: (error, requestId) => log(errorLine(error, requestId)),
    onConnectionError: (error) => log(error.message),
  });

  const stop = (): void => void transport.finish();
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  await transport.finishing;
  stopping.abort();
  setTimeout(() => process.exit(1), stopWithinMs).unref();
  await transport.closed;
  await contextStore.close();
}
