import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { unusedPort } from '@org/store-kysely/testing';
import type { ProgramToStart } from './stdio-server-process.js';

/** The product's HTTP server, as it is built. */
export const mcpHttp: string = fileURLToPath(new URL('../../../apps/mcp-http/dist/main.js', import.meta.url));

export interface HttpProgramToStart extends ProgramToStart {
  readonly logFile: string;
}

/** An MCP server over HTTP in a child process. */
export interface HttpServerProcess {
  readonly pid: number;
  /** Of the MCP endpoint. */
  readonly url: string;
  readonly metricsUrl: string;
  /** Fires when the server ends. Its reason is a `ServerEnded`. */
  readonly ended: AbortSignal;
  /** Tells the server to stop, and waits for its end. */
  readonly close: () => Promise<void>;
}

/** A server has ended. The cause is the end of its log. */
export class ServerEnded extends Error {
  override readonly name: string = 'ServerEnded';
}

const startWithinMs = 30_000;

/**
 * Starts a server, and defers its end. Resolves when it is ready.
 *
 * @throws ServerEnded if it ends before
 */
export async function startHttpServer(
  { program, env, nodeArguments = [], logFile }: HttpProgramToStart,
  resources: AsyncDisposableStack,
): Promise<HttpServerProcess> {
  const [port, metricsPort] = [await unusedPort(), await unusedPort()];
  const log = openSync(logFile, 'w');
  const child = spawn(process.execPath, [...nodeArguments, program], {
    env: { PATH: process.env['PATH'], PORT: `${port}`, METRICS_PORT: `${metricsPort}`, ...env },
    stdio: ['ignore', log, log],
    // Ctrl-C reaches this process alone, which then stops the server in order.
    detached: true,
  });
  const ended = new AbortController();
  const kill = (): void => void child.kill('SIGKILL');
  const exited = once(child, 'exit') as Promise<[code: number | null, signal: string | null]>;
  const watch = async (): Promise<void> => {
    const [code, signal] = await exited;
    process.off('exit', kill);
    const end = signal === null ? `with exit code ${code}` : `by ${signal}`;
    ended.abort(new ServerEnded(`the server ended ${end}`, { cause: await lastLines(logFile) }));
  };
  const watching = watch();
  process.once('exit', kill);
  const close = async (): Promise<void> => {
    child.kill('SIGTERM');
    await watching;
  };
  resources.defer(close);
  await untilReady(`http://127.0.0.1:${port}`, ended.signal);
  return {
    pid: child.pid ?? 0,
    url: `http://127.0.0.1:${port}/mcp`,
    metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
    ended: ended.signal,
    close,
  };
}

/** Waits for any answer but 503: a server other than the product's has no `/ready`. */
async function untilReady(origin: string, ended: AbortSignal): Promise<void> {
  const deadlineMs = performance.now() + startWithinMs;
  while (performance.now() < deadlineMs) {
    ended.throwIfAborted();
    const answer = await fetch(`${origin}/ready`).catch(() => undefined);
    if (answer !== undefined && answer.status !== 503) return;
    await sleep(50);
  }
  throw new Error(`The server was not ready within ${startWithinMs / 1000} s`);
}

const lastLines = async (file: string): Promise<string> =>
  (await readFile(file, 'utf8')).trimEnd().split('\n').slice(-10).join('\n');

/** Waits for something that a server may never answer once it has ended. @throws ServerEnded */
export async function orServerEnded<T>(ended: AbortSignal | undefined, answer: Promise<T>): Promise<T> {
  if (ended === undefined) return answer;
  ended.throwIfAborted();
  try {
    return await Promise.race([
      answer,
      once(ended, 'abort').then((): never => {
        throw ended.reason;
      }),
    ]);
  } catch (error) {
    // A failure is the consequence of the end.
    throw ended.aborted ? ended.reason : error;
  }
}
