import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdtemp, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createPostgresStore } from '@org/store-kysely/postgres';
import { startPostgresServer, unprivilegedUser, type PostgresServer } from '@org/store-kysely/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectTrouble } from '../support/expect-trouble.js';
import { appendWork, createWork, readWork, upTo, work } from '../support/requests.js';

const run = promisify(execFile);

let server: PostgresServer;
/** A disk that can be filled without harm to others. */
let disk: string;
/** A database that lies on it. */
let url: string;

beforeAll(async () => {
  disk = await mkdtemp(join(tmpdir(), 'small-disk-'));
  await run('mount', ['-t', 'tmpfs', '-o', 'size=32m,mode=700', 'tmpfs', disk]);
  const { uid = 0, gid = 0 } = await unprivilegedUser();
  await chown(disk, uid, gid);
  server = await startPostgresServer();
  await query(server.url, `create tablespace small location '${disk}'`);
  await query(server.url, 'create database small tablespace small');
  url = Object.assign(new URL(server.url), { pathname: '/small' }).href;
});

afterAll(async () => {
  await server.remove();
  await run('umount', [disk]);
  await rmdir(disk);
});

it('a full disk fails appends, loses none, and needs no restart once there is room', async () => {
  const store = await createPostgresStore({ url, poolSize: 2 });
  await store.createSession(createWork);
  const ballast = join(disk, 'ballast');
  await writeFile(ballast, Buffer.alloc(16 * 1024 * 1024));

  let written = 0;
  const fill = async (): Promise<void> => {
    for (;;) {
      // Nothing that could be kept in less room.
      await store.appendEntry(appendWork(randomBytes(100_000).toString('base64')));
      written += 1;
    }
  };
  await expectTrouble(fill(), /^PostgreSQL at .*its disk is full. Free some space/);
  expect(written).toBeGreaterThan(0);
  await expectTrouble(
    store.createSession({ ...createWork, sessionKey: 'x'.repeat(100), title: longTitle }),
    /disk is full/,
  );
  expect(await store.readSession(work)).toMatchObject({ lastSequence: written });

  await rm(ballast);
  expect(await store.appendEntry(appendWork('after'))).toMatchObject({ sequence: written + 1 });
  const { entries } = await store.readEntries(readWork());
  expect(entries.map(({ sequence }) => sequence)).toEqual(upTo(written + 1));
  await store.close();
});

const longTitle = randomBytes(100_000).toString('base64');

async function query(databaseUrl: string, text: string): Promise<void> {
  const client = new Client(databaseUrl);
  await client.connect();
  await client.query(text);
  await client.end();
}
