import { setTimeout } from 'node:timers/promises';
import { startPostgresServer, temporaryDatabase, unusedPort, type PostgresServer } from '@org/store-kysely/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { HttpServerProcess } from '../support/mcp-http.js';
import { callTool } from '../support/tool-call.js';

/** The key of the lock under which databases are migrated. */
const migrationLock = 4_207_113_020_911;

interface Probe {
  readonly status: number | undefined;
  readonly reason?: string;
}

async function ready(url: string): Promise<Probe> {
  const response = await fetch(`${url}/ready`).catch(() => undefined);
  const { reason } = ((await response?.json()) ?? {}) as { reason?: string };
  return { status: response?.status, ...(reason !== undefined && { reason }) };
}

const health = async (url: string): Promise<number> => (await fetch(`${url}/health`)).status;

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgresServer();
});
afterAll(() => server.remove());

let launched: HttpServerProcess | undefined;
afterEach(async () => {
  launched?.child.kill('SIGKILL');
  await launched?.finished;
});

/** Starts a server on a known port, without waiting until it is ready. */
async function launch(databaseUrl: string): Promise<{ process: HttpServerProcess; url: string }> {
  const port = await unusedPort();
  launched = HttpServerProcess.launch({ DATABASE_URL: databaseUrl, DATABASE_POOL_SIZE: '2', PORT: `${port}` });
  return { process: launched, url: `http://127.0.0.1:${port}` };
}

describe('a server that waits for a migration', () => {
  it('answers /health, is not ready, and lets calls wait until it is', async () => {
    const { process, url, database, release } = await startWhileLocked();
    expect(await health(url)).toBe(200);
    expect(await ready(url)).toEqual({ status: 503, reason: expect.stringMatching(/starting.*migrates/) });
    const answer = callTool(`${url}/mcp`, 'registerSession');
    await setTimeout(100);
    await release();
    expect((await answer).text).toContain('"created":true');
    expect(await ready(url)).toEqual({ status: 200 });
    expect(await process.stop()).toMatchObject({ code: 0 });
    await database.drop();
  });

  it('refuses calls that have waited too long, and can be stopped', async () => {
    const { process, url, database, release } = await startWhileLocked();
    const refused = await callTool(`${url}/mcp`, 'registerSession');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    expect(refused.text).toContain('Nothing was done');
    expect(await process.stop()).toMatchObject({ code: 0 });
    await release();
    expect(await database.query(`select tablename from pg_tables where schemaname = 'public'`)).toEqual([]);
    await database.drop();
  });

  async function startWhileLocked() {
    const database = await temporaryDatabase(server.url);
    const locked = database.query(`select pg_advisory_lock(${migrationLock}), pg_sleep(3600)`).catch(() => undefined);
    const locks = () => database.query(`select pid from pg_locks where locktype = 'advisory' and granted`);
    await expect.poll(locks).toHaveLength(1);
    const [holder] = await locks();
    const { process, url } = await launch(database.url);
    await expect.poll(() => ready(url).then(({ status }) => status)).toBe(503);
    const waits = () => database.query(`select from pg_locks where locktype = 'advisory' and not granted`);
    await expect.poll(waits).toHaveLength(1);
    const release = async (): Promise<void> => {
      await database.query(`select pg_terminate_backend($1)`, [holder?.['pid']]);
      await locked;
    };
    return { process, url, database, release };
  }
});

describe('a server whose database', () => {
  async function backends(): Promise<number[]> {
    const database = await temporaryDatabase(server.url);
    const rows = await database.query(
      `select pid from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`,
    );
    await database.drop();
    return rows.map(({ pid }) => Number(pid));
  }

  it('is stopped is not ready, and recovers when it is started again', async () => {
    const { process, url } = await launch(server.url);
    await process.started();
    expect(await ready(url)).toEqual({ status: 200 });
    await server.stop('immediate');
    expect(await ready(url)).toEqual({ status: 503, reason: expect.stringContaining('refuses connections') });
    expect(await health(url)).toBe(200);
    await server.start();
    await expect.poll(() => ready(url)).toEqual({ status: 200 });
  });

  it('is read-only is not ready, answers reads, and recovers', async () => {
    const database = await temporaryDatabase(server.url);
    const name = new URL(database.url).pathname.slice(1);
    const { process: served, url } = await launch(database.url);
    await served.started();
    const readSession = () => callTool(`${url}/mcp`, 'getContext', { sessionKey: 'work' });
    await callTool(`${url}/mcp`, 'registerSession');
    await database.query(`alter database ${name} set default_transaction_read_only = on`);
    await database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}' and pid <> pg_backend_pid()`,
    );
    await expect
      .poll(() => ready(url))
      .toEqual({ status: 503, reason: expect.stringMatching(/takes no writes.*failover to end\.$/) as string });
    expect((await readSession()).text).toContain('"entries":[]');
    expect((await callTool(`${url}/mcp`, 'registerSession')).text).toMatch(/takes no writes.*Nothing was written/);
    await database.query(`set transaction_read_only = off; alter database ${name} reset default_transaction_read_only`);
    await expect.poll(() => ready(url)).toEqual({ status: 200 });
    expect(await served.stop()).toMatchObject({ code: 0 });
    await database.drop();
  });

  it('hangs answers probes before they time out, and recovers', async () => {
    const { process: served, url } = await launch(server.url);
    await served.started();
    const pids = [server.pid(), ...(await backends())];
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    const probes = Array.from({ length: 20 }, () => ready(url));
    for (const probe of probes) expect(await probe).toEqual({ status: 503, reason: 'The database does not answer.' });
    expect(await health(url)).toBe(200);
    for (const pid of pids) process.kill(pid, 'SIGCONT');
    await expect.poll(() => ready(url)).toEqual({ status: 200 });
  });
});
