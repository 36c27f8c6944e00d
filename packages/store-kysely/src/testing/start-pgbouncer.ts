import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unusedPort } from './unused-port.js';

/** A PgBouncer for tests, which pools by transaction. */
export interface Pgbouncer {
  readonly pid: number;
  /** Returns the URL of a database of its server, through PgBouncer. */
  readonly urlOf: (databaseUrl: string) => string;
  readonly stop: () => Promise<void>;
}

/**
 * @param serverUrl the server. Its user and password are used for every connection
 * @param poolSize how many connections it opens to each database
 * @param settings other settings of pgbouncer.ini
 * @throws what `spawn` throws (ENOENT if PgBouncer is not installed), or an Error with its log
 */
export async function startPgbouncer(
  serverUrl: string,
  poolSize: number,
  settings: Readonly<Record<string, string | number>> = {},
): Promise<Pgbouncer> {
  const server = new URL(serverUrl);
  const folder = await mkdtemp(join(tmpdir(), 'pgbouncer-'));
  const configuration = join(folder, 'pgbouncer.ini');
  const port = await unusedPort();
  const [user, password] = [decodeURIComponent(server.username), decodeURIComponent(server.password)];
  const login = `user=${user}${password === '' ? '' : ` password=${password}`}`;
  const settingLines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  await writeFile(
    configuration,
    `[databases]
     * = host=${server.hostname} port=${server.port === '' ? 5432 : server.port} ${login}
     [pgbouncer]
     listen_addr = 127.0.0.1
     listen_port = ${port}
     unix_socket_dir =
     auth_type = any
     pool_mode = transaction
     default_pool_size = ${poolSize}
     ${settingLines.join('\n')}`.replaceAll(/^ +/gm, ''),
  );
  // Like PostgreSQL, it refuses to run as root. It changes its user after it has read its configuration.
  const runAs = process.getuid?.() === 0 ? ['--user', 'nobody'] : [];
  const child = spawn('pgbouncer', [...runAs, configuration], { stdio: ['ignore', 'ignore', 'pipe'] });
  try {
    await untilItListens(child);
  } catch (error) {
    await rm(folder, { recursive: true });
    throw error;
  }
  return {
    pid: child.pid as number,
    urlOf: (databaseUrl) => Object.assign(new URL(databaseUrl), { port: `${port}` }).href,
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        await ended;
      }
      await rm(folder, { recursive: true });
    },
  };
}

async function untilItListens(child: ChildProcess): Promise<void> {
  let log = '';
  const { promise, resolve } = Promise.withResolvers<void>();
  child.stderr?.on('data', (chunk) => {
    log += String(chunk);
    if (log.includes('process up')) resolve();
  });
  await Promise.race([promise, once(child, 'exit')]);
  if (child.exitCode !== null) throw new Error(`PgBouncer did not start:\n${log}`);
}
