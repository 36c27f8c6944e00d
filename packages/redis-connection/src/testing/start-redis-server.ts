import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { createClient } from '@redis/client';
import { eventually } from './eventually.js';

/** A Redis server for one test, which stops and breaks it. It keeps no data. */
export interface RedisServer {
  readonly url: string;
  /** Starts it on its port; resolves when it answers. */
  readonly start: () => Promise<void>;
  /** Ends it as a crash does. Does nothing when it doesn't run. */
  readonly kill: () => Promise<void>;
  /** `SIGSTOP`: the kernel goes on to accept connections for it. `SIGCONT` wakes it. */
  readonly signal: (signal: 'SIGSTOP' | 'SIGCONT') => void;
}

/** Makes a server on a free port. It is not started yet. */
export async function redisServer(): Promise<RedisServer> {
  const port = await unusedPort();
  const url = `redis://127.0.0.1:${port}`;
  let server: ChildProcess | undefined;
  return {
    url,
    start: async () => {
      server = startGuarded(port);
      await eventually(() => ping(url));
    },
    kill: async () => {
      if (server === undefined) return;
      const ended = once(server, 'exit');
      server.stdin?.end();
      await ended;
      server = undefined;
    },
    signal: (signal) => void server?.stdin?.write(`${signal}\n`),
  };
}

/**
 * The shell passes on the signals that are written to it, and kills the server when its input ends: when this process does at
 * the latest, even if it is killed.
 */
function startGuarded(port: number): ChildProcess {
  const script = `
    redis-server --port "$1" --bind 127.0.0.1 --save '' --appendonly no --dir /tmp >/dev/null 2>&1 &
    while read -r signal; do kill -s "\${signal#SIG}" $!; done
    kill -KILL $!`;
  return spawn('sh', ['-c', script, 'sh', `${port}`], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
}

async function ping(url: string): Promise<void> {
  const client = createClient({ url, socket: { reconnectStrategy: false } }).on('error', () => undefined);
  await client.connect();
  client.destroy();
}

/** A port of 127.0.0.1 that no process listens on at this moment. */
async function unusedPort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return port;
}
