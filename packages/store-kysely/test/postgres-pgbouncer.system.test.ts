import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from '@org/domain';
import { describeStoreContract } from '@org/domain/testing';
import { createPostgresStore } from '@org/store-kysely/postgres';
import { temporaryDatabase, unusedPort, unprivilegedUser, type TemporaryDatabase } from '@org/store-kysely/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectTrouble } from './expect-trouble.js';
import { takingTurns } from './fork-store.js';

/** PgBouncer, which gives each transaction any one of two connections. */
interface Pooler {
  /** The URL by which a database is reached through it. */
  readonly urlOf: (database: TemporaryDatabase) => string;
  readonly stop: () => Promise<void>;
}

let pooler: Pooler;
const backendsOfStrangers: ReadonlySet<unknown>[] = [];
beforeAll(async () => {
  pooler = await startPgbouncer();
});
afterAll(() => pooler.stop());

describeStoreContract('PostgreSQL behind PgBouncer', async () => {
  const database = await temporaryDatabase();
  const url = pooler.urlOf(database);
  let skewMs = 0;
  const open = (): Promise<Store> => createPostgresStore({ url, transactionPooler: true, clockOffsetMs: () => skewMs });
  const store = takingTurns([await open(), await open()]);
  const stranger = await startStranger(url);
  return {
    store,
    advance: (ms) => {
      skewMs += ms;
    },
    close: async () => {
      await store.close();
      backendsOfStrangers.push(await stranger.stop());
      await database.drop();
    },
  };
});

it('changed connections between the transactions of a client', () => {
  expect(Math.max(...backendsOfStrangers.map(({ size }) => size))).toBe(2);
});

it('is told to name no statements and to ask for no settings', async () => {
  const database = await temporaryDatabase();
  await expectTrouble(createPostgresStore({ url: pooler.urlOf(database) }), /pooler.*switch transactionPooler on/);
  await database.drop();
});

/** Another client of the pooler: the store's statements find its connections in between. Tells which those were. */
async function startStranger(url: string): Promise<{ stop: () => Promise<ReadonlySet<unknown>> }> {
  const client = new Client(url);
  await client.connect();
  const backends = new Set<unknown>();
  const stopping = new AbortController();
  async function interleave(): Promise<void> {
    while (!stopping.signal.aborted) {
      await client.query('begin');
      const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
      backends.add(rows[0]?.pid);
      await client.query('commit');
    }
  }
  const interleaving = interleave();
  return {
    stop: async () => {
      stopping.abort();
      await interleaving;
      await client.end();
      return backends;
    },
  };
}

async function startPgbouncer(): Promise<Pooler> {
  const server = new URL(process.env['DATABASE_TEST_URL'] ?? '');
  const folder = await mkdtemp(join(tmpdir(), 'pgbouncer-'));
  await chmod(folder, 0o755);
  const configuration = join(folder, 'pgbouncer.ini');
  const port = await unusedPort();
  const login = [`user=${server.username}`, ...(server.password === '' ? [] : [`password=${server.password}`])];
  await writeFile(
    configuration,
    `[databases]
     * = host=${server.hostname} port=${server.port === '' ? 5432 : server.port} ${login.join(' ')}
     [pgbouncer]
     listen_addr = 127.0.0.1
     listen_port = ${port}
     unix_socket_dir =
     auth_type = any
     pool_mode = transaction
     default_pool_size = 2`.replaceAll(/^ +/gm, ''),
  );
  // It refuses to run as root, as PostgreSQL does.
  const user = await unprivilegedUser();
  const child = spawn('pgbouncer', [configuration], { ...user, stdio: ['ignore', 'ignore', 'pipe'] });
  await untilItListens(child);
  return {
    urlOf: ({ url }) => Object.assign(new URL(url), { port: `${port}` }).href,
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
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
