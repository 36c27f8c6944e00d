import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { unusedPort } from '@org/store-kysely/testing';

/** The product's HTTP server, as it is built. */
export const mcpHttp: string = fileURLToPath(new URL('../../../apps/mcp-http/dist/main.js', import.meta.url));

export interface HttpProgram {
  /** A JavaScript file. */
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
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
  { program, env, logFile }: HttpProgram,
  resources: AsyncDisposableStack,
): Promise<HttpServerProcess> {
  const [port, metricsPort] = [await unusedPort(), await unusedPort()];
  const log = openSync(logFile, 'w');
  const child = spawn(process.execPath, [program], {
    env: { PATH: process.env['PATH'], PORT: `${port}`, METRICS_PORT: `${metricsPort}`, ...env },
    stdio: ['ignore', log, log],
    // Ctrl-C reaches this process alone, which then stops the server in order.
    detached: true,
  });
  const ended = new AbortController();
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const watch = async (): Promise<void> => {
    const [code, signal] = (await once(child, 'exit')) as [code: number | null, signal: string | null];
    process.off('exit', kill);
    const lastLines = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-10).join('\n');
    const end = signal === null ? `with exit code ${code}` : `by ${signal}`;
    ended.abort(new ServerEnded(`the server ended ${end}`, { cause: lastLines }));
  };
  const exited = watch();
  resources.defer(async () => {
    child.kill('SIGTERM');
    await exited;
  });
  await untilReady(`http://127.0.0.1:${port}`, ended.signal);
  return {
    pid: child.pid ?? 0,
    url: `http://127.0.0.1:${port}/mcp`,
    metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
    ended: ended.signal,
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
