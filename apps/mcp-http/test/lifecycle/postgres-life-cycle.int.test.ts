import { temporaryDatabase, unusedPort, type TemporaryDatabase } from '@org/store-kysely/testing';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { connect, HttpServerProcess, type Env } from '../support/mcp-http.js';

let database: TemporaryDatabase;
beforeAll(async () => {
  database = await temporaryDatabase();
});
afterAll(() => database.drop());

/** For a test that needs an empty database, or changes it. */
async function ownDatabase(): Promise<TemporaryDatabase> {
  const own = await temporaryDatabase();
  onTestFinished(() => own.drop());
  return own;
}

function urlWith(changes: Partial<URL>): string {
  return Object.assign(new URL(database.url), { password: 'secret', ...changes }).href;
}

describe('the start', () => {
  it('logs what it is connected to, without passwords', async () => {
    const server = await HttpServerProcess.start({
      DATABASE_URL: urlWith({ search: '?sslpassword=secret' }),
      REDIS_URL: 'redis://user:secret@127.0.0.1:6379',
    });
    await server.stop();
    const { host, pathname } = new URL(database.url);
    expect(server.log[0]).toMatchObject({
      msg: 'Ready',
      database: `PostgreSQL at ${host}${pathname}`,
      redis: '127.0.0.1:6379',
    });
    expect(JSON.stringify(server.log)).not.toContain('secret');
  });
});

describe('a problem at the start is one readable line, and exit code 1', () => {
  it('a malformed URL', async () => {
    await expectOneLine(`postgres://root:12/secret@127.0.0.1/db`, /DATABASE_URL is not valid: .*percent-encoded/);
  });

  it('a port that nothing listens on', async () => {
    const port = String(await unusedPort());
    await expectOneLine(urlWith({ port }), new RegExp(`:${port}/.* refuses connections`));
  });

  it('an unknown host', async () => {
    await expectOneLine(urlWith({ hostname: 'database.invalid' }), /database\.invalid.* is not found/);
  });

  it('an unknown database', async () => {
    await expectOneLine(urlWith({ pathname: '/no_such_database' }), /no_such_database has no such database/);
  });

  it('a user who may not create tables', async () => {
    const { url, query } = await ownDatabase();
    const role = `reader_${new URL(url).pathname.slice(-20)}`;
    await query(`create role ${role} login password 'secret'`);
    await query(`revoke create on schema public from public`);
    const ofRole = Object.assign(new URL(url), { username: role, password: 'secret' }).href;
    await expectOneLine(ofRole, /denies this user a right/);
    await query(`drop role ${role}`);
  });

  it('an empty database with DATABASE_MIGRATE=false', async () => {
    const { url, query } = await ownDatabase();
    await expectOneLine(url, /older schema \(0; .*context-store migrate/, { DATABASE_MIGRATE: 'false' });
    expect(await query(`select tablename from pg_tables where schemaname = 'public'`)).toEqual([]);
  });

  async function expectOneLine(url: string, says: RegExp, env: Env = {}): Promise<void> {
    const server = await HttpServerProcess.start({ DATABASE_URL: url, ...env });
    const { code, stdout, stderr } = await server.finished;
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^mcp-http: [^\n]+\n$/);
    expect(stderr).toMatch(says);
    expect(stderr).not.toMatch(/secret|select |create table| at .*\.js:/i);
  }
});

it('survives the loss of its database', async () => {
  const { url } = await ownDatabase();
  const server = await HttpServerProcess.start({ DATABASE_URL: url });
  const client = await connect('v2 client, legacy', 'planner', server.mcp);
  const register = { name: 'registerSession', arguments: { sessionKey: 'work', agent: 'planner', ifExists: 'resume' } };
  expect(await client.callTool(register)).toMatchObject({ structuredContent: { created: true } });
  const name = new URL(url).pathname.slice(1);

  await database.query(`drop database ${name} with (force)`);
  const unavailable = { isError: true, structuredContent: { code: 'STORE_UNAVAILABLE' } };
  expect(await client.callTool(register), 'with the connections of before').toMatchObject(unavailable);
  expect(await client.callTool(register), 'with new ones').toMatchObject({
    isError: true,
    structuredContent: { code: 'STORE_UNAVAILABLE', retryable: false },
  });
  const [ready, health] = [await fetch(`${server.url}/ready`), await fetch(`${server.url}/health`)];
  expect([ready.status, await ready.json()]).toEqual([
    503,
    { status: 'unavailable', reason: expect.stringContaining('no such database') as string },
  ]);
  expect(health.status).toBe(200);

  await database.query(`create database ${name}`);
  expect(await client.callTool(register)).toMatchObject({
    structuredContent: { message: expect.stringContaining('context-store migrate') as string },
  });
  await client.close();
  expect(await server.stop()).toMatchObject({ code: 0 });
});
