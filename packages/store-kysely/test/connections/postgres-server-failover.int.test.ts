import type { Store } from '@org/domain';
import { createPostgresStore } from '@org/store-kysely/postgres';
import { startPostgresServer, type PostgresServer } from '@org/store-kysely/testing';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectTrouble } from '../support/expect-trouble.js';
import { appendWork, createWork, work } from '../support/requests.js';
import { startSwitchingProxy, type SwitchingProxy } from './switching-proxy.js';

const poolSize = 4;

/** Two servers, of which one takes writes at a time, as a primary and its standby. Titles tell which one answered. */
describe('a failover', () => {
  let first: PostgresServer;
  let second: PostgresServer;
  let proxy: SwitchingProxy;
  const opened: Store[] = [];

  beforeAll(async () => {
    [first, second] = await Promise.all([startPostgresServer(), startPostgresServer()]);
    for (const [server, title] of [
      [first, 'first'],
      [second, 'second'],
    ] as const) {
      const store = await createPostgresStore({ url: server.url });
      await store.createSession({ ...createWork, title });
      await store.close();
    }
  });
  afterAll(() => Promise.all([first.remove(), second.remove()]));
  beforeEach(async () => {
    await makePrimary(first, second);
    proxy = await startSwitchingProxy(first.url);
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((store) => store.close()));
    await proxy.close();
  });

  async function makePrimary(primary: PostgresServer | undefined, ...standbys: PostgresServer[]): Promise<void> {
    for (const standby of standbys) await setReadOnly(standby, 'on');
    if (primary !== undefined) await setReadOnly(primary, 'off');
  }

  async function setReadOnly({ url }: PostgresServer, value: 'on' | 'off'): Promise<void> {
    const client = new Client(url);
    await client.connect();
    await client.query('set transaction_read_only = off');
    await client.query(`alter system set default_transaction_read_only = ${value}`);
    await client.query('select pg_reload_conf()');
    await expect
      .poll(async () => (await client.query('show default_transaction_read_only')).rows)
      .toEqual([{ default_transaction_read_only: value }]);
    await client.end();
  }

  const bothUrl = (parameters = ''): string => {
    const [one, two] = [new URL(first.url), new URL(second.url)];
    return `postgres://postgres@${one.host},${two.host}/postgres${parameters}`;
  };

  async function open(url: string): Promise<Store> {
    const store = await createPostgresStore({ url, poolSize });
    opened.push(store);
    await Promise.all(Array.from({ length: poolSize }, () => store.readSession(work)));
    return store;
  }

  const append = (store: Store) => store.appendEntry(appendWork('a'));
  const serverOf = async (store: Store): Promise<string | undefined> => (await store.readSession(work)).title;

  it('behind one address refuses no write: none ran on the former primary', async () => {
    const store = await open(proxy.urlOf(first.url));
    await makePrimary(second, first);
    proxy.switchTo(second.url);
    // Connections that are older than a second are known not to be of the new primary.
    await expect.poll(() => append(store).then(() => 'served', String)).toBe('served');
    for (let turn = 0; turn < 2 * poolSize; turn += 1) await append(store);
    expect(await serverOf(store)).toBe('second');
  });

  it.for(['', '?target_session_attrs=read-write'])(
    'among several addresses moves all calls: %s',
    async (parameters) => {
      const store = await open(bothUrl(parameters));
      expect(await serverOf(store)).toBe('first');
      await makePrimary(second, first);
      for (let turn = 0; turn < 2 * poolSize; turn += 1) await append(store);
      expect(await serverOf(store)).toBe('second');
      await makePrimary(first, second);
      for (let turn = 0; turn < 2 * poolSize; turn += 1) await append(store);
      expect(await serverOf(store)).toBe('first');
    },
  );

  it('is noticed by a ping, so that a process that only reads moves too', async () => {
    const store = await open(bothUrl());
    await makePrimary(second, first);
    await store.ping();
    expect(await serverOf(store)).toBe('second');
  });

  it('leaves reads while no server takes writes, and pings say so', async () => {
    await makePrimary(undefined, first, second);
    const store = await open(bothUrl());
    expect(await serverOf(store)).toBe('first');
    await expectTrouble(append(store), /takes no writes.*Nothing was written; send the same call again/);
    await expectTrouble(store.ping(), /takes no writes/);
    await expectTrouble(open(bothUrl('?target_session_attrs=primary')), /takes no writes/);
    await makePrimary(second, first);
    await append(store);
    expect(await serverOf(store)).toBe('second');
    await store.ping();
  });

  it('from a server that is gone moves all calls', async () => {
    const store = await open(bothUrl());
    await makePrimary(second, first);
    await first.stop('fast');
    try {
      await append(store);
      expect(await serverOf(store)).toBe('second');
      const late = await open(bothUrl());
      expect(await serverOf(late)).toBe('second');
    } finally {
      await first.start();
    }
  });
});
