import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openContextStore } from '@org/context-store';
import { temporaryDatabase, type TemporaryDatabase } from '@org/store-kysely/testing';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { linesOf, runDoctor, type DoctorRun } from './doctor.js';

let home: string;
let database: TemporaryDatabase;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'doctor-'));
  database = await temporaryDatabase();
  // In the order of a stack: a test's own clean-up needs the database.
  onTestFinished(async () => {
    await database.drop();
    rmSync(home, { recursive: true });
  });
});

const doctor = (url = database.url): Promise<DoctorRun> => runDoctor({ home, env: { DATABASE_URL: url } });
const migrate = async (): Promise<void> => {
  const store = await openContextStore({ database: database.url });
  await store.close();
};
async function execute(...statements: readonly string[]): Promise<void> {
  for (const statement of statements) await database.query(statement);
}

it('finds nothing wrong with a sound database, and warns of one without tables, where it makes none', async () => {
  const empty = await doctor();
  expect([empty.code, linesOf(empty, 'schema')]).toEqual([
    0,
    [expect.stringMatching(/^warning: there are no tables yet/)],
  ]);
  await expect(execute('select from schema_migrations')).rejects.toThrow('does not exist');
  await migrate();
  const run = await doctor();
  expect(run.code).toBe(0);
  expect(linesOf(run, 'database')).toEqual([
    expect.stringMatching(/^ok: PostgreSQL at .*, version \d+\.\d+, tables in public$/),
  ]);
  for (const check of ['schema', 'rights', 'clock'])
    expect(linesOf(run, check)).toEqual([expect.stringMatching(/^ok: /)]);
});

it('tells an older schema from a newer one', async () => {
  await migrate();
  await execute(`delete from schema_migrations where version = (select max(version) from schema_migrations)`);
  expect(linesOf(await doctor(), 'schema')).toEqual([
    expect.stringMatching(/^warning: .* is older .*context-store migrate/),
  ]);
  await execute(`insert into schema_migrations values (99, 'later', now())`);
  expect(linesOf(await doctor(), 'schema')).toEqual([expect.stringMatching(/^problem: version 99 is newer .*Upgrade/)]);
});

it('names the rights that the user lacks', async () => {
  await migrate();
  const role = `doctor_${process.pid}`;
  await execute(
    `create role ${role} login password 'secret'`,
    `grant select on all tables in schema public to ${role}`,
    `grant insert, update, delete on sessions to ${role}`,
  );
  onTestFinished(() => execute(`drop owned by ${role}`, `drop role ${role}`));
  const url = new URL(database.url);
  [url.username, url.password] = [role, 'secret'];
  const run = await doctor(url.href);
  expect(run.code).toBe(1);
  expect(linesOf(run, 'rights')).toEqual([
    expect.stringMatching(/^problem: this user may not delete from context_history, and \d+ more\. Grant it/),
  ]);
  expect(JSON.stringify(run.findings)).not.toContain('secret');
});

it('says that the database takes no writes', async () => {
  await migrate();
  const name = new URL(database.url).pathname.slice(1);
  await execute(`alter database "${name}" set default_transaction_read_only = on`);
  expect(linesOf(await doctor(), 'rights')).toEqual([expect.stringMatching(/^problem: the database takes no writes/)]);
});
