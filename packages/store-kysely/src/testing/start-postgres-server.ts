import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { chmod, chown, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client, DatabaseError } from 'pg';
import { unprivilegedUser, type User } from './unprivileged-user.js';
import { unusedPort } from './unused-port.js';

const run = promisify(execFile);
const superuser = 'postgres';
const startLimitMs = 30_000;

export interface PostgresServerOptions {
  /** The folder of `initdb` and `postgres`. Default: POSTGRES_BIN, which the test run sets. */
  readonly binaries?: string | undefined;
  /** Settings as of postgresql.conf. */
  readonly settings?: Readonly<Record<string, string | number>> | undefined;
  /** The lines of pg_hba.conf. Default: all users of this machine are trusted. */
  readonly hba?: readonly string[] | undefined;
  /** The password of the superuser. It becomes part of the URL. */
  readonly password?: string | undefined;
  /** A server that was shut down. The new server copies its data, and follows it as a hot standby. */
  readonly standbyOf?: PostgresServer | undefined;
  /** An empty folder for the data, for example on a small disk. Default: a temporary folder. */
  readonly dataFolder?: string | undefined;
}

/** A PostgreSQL server for one test, which may stop and break it. */
export interface PostgresServer {
  /** The URL of the superuser and the database `postgres`. It stays the same when the server is started again. */
  readonly url: string;
  readonly dataFolder: string;
  /** The process that accepts connections. It starts another process for each of them. */
  readonly pid: () => number;
  /** Stops it like `pg_ctl stop -m`: `fast` closes the connections, `immediate` is a crash. */
  readonly stop: (mode: 'fast' | 'immediate') => Promise<void>;
  /** Starts it again on its data. Resolves when it accepts connections. */
  readonly start: () => Promise<void>;
  /** Ends it, in whatever state it is, and removes its data. */
  readonly remove: () => Promise<void>;
}

/**
 * Starts a server on a free port, with its data in a temporary folder. The server ends with the process that started it,
 * also if that is killed. PostgreSQL refuses to run as root, so it then runs as `nobody`.
 */
export async function startPostgresServer(options: PostgresServerOptions = {}): Promise<PostgresServer> {
  const user = await unprivilegedUser();
  const folder = await mkdtemp(join(tmpdir(), 'postgres-'));
  const dataFolder = options.dataFolder ?? join(folder, 'data');
  const guard = guardServer(folder, dataFolder);
  const remove = async (): Promise<void> => {
    const ended = once(guard, 'exit');
    guard.stdin?.end();
    await ended;
  };
  try {
    const binaries = await usableBinaries(options.binaries ?? process.env['POSTGRES_BIN'], user, folder);
    await createCluster({ binaries, folder, dataFolder, user, options });
    const port = await unusedPort();
    const login = options.password === undefined ? superuser : `${superuser}:${options.password}`;
    const url = `postgres://${login}@127.0.0.1:${port}/postgres`;
    const { standbyOf, settings } = options;
    const following = standbyOf === undefined ? {} : { primary_conninfo: standbyOf.url };
    const serverArguments = ['-D', dataFolder, '-p', `${port}`, ...settingArguments({ ...settings, ...following })];
    const startProcess = async (): Promise<ChildProcess> => {
      const log = openSync(join(folder, 'log'), 'a');
      // A separate process group: the guard handles Ctrl-C.
      const started = spawn(join(binaries, 'postgres'), serverArguments, {
        ...user,
        cwd: folder,
        stdio: ['ignore', log, log],
        detached: true,
      });
      closeSync(log);
      await untilItAccepts(started, url, join(folder, 'log'));
      return started;
    };

    let server = await startProcess();
    return {
      url,
      dataFolder,
      pid: () => server.pid as number,
      stop: async (mode) => {
        const ended = once(server, 'exit');
        server.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
        await ended;
      },
      start: async () => {
        server = await startAfterCrash(startProcess);
      },
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/**
 * Waits for the end of its input, which comes when this process ends by any signal. Then stops the server and removes
 * its folders.
 */
function guardServer(folder: string, dataFolder: string): ChildProcess {
  const script = `
    read -r _
    if read -r pid < "$2/postmaster.pid"; then
      kill -QUIT "$pid"; kill -CONT "$pid"
      while kill -0 "$pid"; do sleep 0.05; done
    fi
    for try in 1 2 3 4 5; do rm -rf "$1" "$2" && break; sleep 0.2; done`;
  return spawn('sh', ['-c', script, 'sh', folder, dataFolder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
}

/** If `nobody` cannot read the folder of the clone, the server runs from a copy. */
async function usableBinaries(binaries: string | undefined, user: User, folder: string): Promise<string> {
  if (binaries === undefined) throw new Error('POSTGRES_BIN must name the folder of initdb and postgres');
  await chmod(folder, 0o755);
  try {
    await run(join(binaries, 'postgres'), ['--version'], { ...user, cwd: folder });
    return binaries;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
  }
  const copy = join(folder, 'postgresql');
  await cp(join(binaries, '..'), copy, { recursive: true, verbatimSymlinks: true });
  return join(copy, 'bin');
}

interface NewCluster {
  readonly binaries: string;
  readonly folder: string;
  readonly dataFolder: string;
  readonly user: User;
  readonly options: PostgresServerOptions;
}

async function createCluster({ binaries, folder, dataFolder, user, options }: NewCluster): Promise<void> {
  const { password, hba = ['local all all trust', 'host all,replication all 127.0.0.1/32 trust'], standbyOf } = options;
  await mkdir(dataFolder, { recursive: true, mode: 0o700 });
  if (user.uid !== undefined && user.gid !== undefined) await chown(dataFolder, user.uid, user.gid);
  if (standbyOf !== undefined) {
    await run('cp', ['-a', `${standbyOf.dataFolder}/.`, dataFolder]);
    await writeFile(join(dataFolder, 'standby.signal'), '');
    return;
  }
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, password ?? 'unused');
  const locale = ['--encoding=UTF8', '--locale=C'];
  const login = [`--username=${superuser}`, `--pwfile=${passwordFile}`, '--auth=trust'];
  await run(join(binaries, 'initdb'), ['-D', dataFolder, '--no-sync', ...locale, ...login], { ...user, cwd: folder });
  await rm(passwordFile);
  await writeFile(join(dataFolder, 'pg_hba.conf'), `${hba.join('\n')}\n`);
}

const defaultSettings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  // Tests crash the server, not the machine, so the data need not reach the disk.
  fsync: 'off',
  'context_store.allow_unsafe_settings': 'on',
};

const settingArguments = (settings: PostgresServerOptions['settings']): string[] =>
  Object.entries({ ...defaultSettings, ...settings }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);

/** After a crash, other processes of the server hold its shared memory for a moment. */
async function startAfterCrash(start: () => Promise<ChildProcess>): Promise<ChildProcess> {
  const deadlineMs = performance.now() + startLimitMs;
  for (;;) {
    try {
      return await start();
    } catch (error) {
      if (performance.now() >= deadlineMs) throw error;
    }
    await setTimeout(100);
  }
}

async function untilItAccepts(server: ChildProcess, url: string, log: string): Promise<void> {
  const deadlineMs = performance.now() + startLimitMs;
  while (server.exitCode === null && performance.now() < deadlineMs) {
    if (await accepts(url)) return;
    await setTimeout(20);
  }
  throw new Error(`PostgreSQL did not start:\n${await readFile(log, 'utf8')}`);
}

/** Accepts any answer except 'starting up', because a test may change the rules for logging in. */
async function accepts(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch (error) {
    return error instanceof DatabaseError && error.code !== '57P03';
  } finally {
    await client.end();
  }
}
