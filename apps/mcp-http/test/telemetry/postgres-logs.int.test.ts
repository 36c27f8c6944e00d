import { temporaryDatabase, type TemporaryDatabase } from '@org/store-kysely/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { HttpServerProcess, post, type Env } from '../support/mcp-http.js';

const marker = 'MARKER-4711';
const secret = 's3cret';

let database: TemporaryDatabase;
beforeEach(async () => {
  database = await temporaryDatabase();
});
afterEach(() => database.drop());

async function start(env: Env = {}): Promise<HttpServerProcess> {
  const url = Object.assign(new URL(database.url), { password: secret }).href;
  return HttpServerProcess.start({ DATABASE_URL: url, LOG_LEVEL: 'debug', ...env });
}

async function ask(server: HttpServerProcess, method: string, params: object): Promise<string> {
  return (await post(server.mcp, { jsonrpc: '2.0', id: 1, method, params })).text();
}

const call = (server: HttpServerProcess, name: string, args: object): Promise<string> =>
  ask(server, 'tools/call', { name, arguments: { agent: 'a', ...args } });

const append = (server: HttpServerProcess, more: object = {}): Promise<string> =>
  call(server, 'updateContext', { sessionKey: marker, contextType: 'message', content: marker, ...more });

it('never contains texts of callers, however their calls fail', async () => {
  const server = await start();
  const register = { sessionKey: marker, title: marker, metadata: { [marker]: marker } };
  expect(await call(server, 'registerSession', register)).toContain('"created":true');
  const written = { metadata: { [marker]: marker }, idempotencyKey: marker };
  expect(await append(server, written)).toContain('"sequence":1');
  const refused = [
    append(server, { ...written, content: `other ${marker}` }),
    append(server, { agent: marker }),
    append(server, { expectedSequence: 7 }),
    append(server, { [marker]: marker }),
    call(server, 'registerSession', register),
    call(server, 'getContext', { sessionKey: `${marker}-2`, cursor: marker }),
    call(server, 'requestHandoff', { sessionKey: marker, requestType: marker, summary: marker, instructions: marker }),
    call(server, marker, {}),
    ask(server, 'prompts/get', { name: marker, arguments: { sessionKey: marker } }),
    ask(server, 'prompts/get', { name: 'resume', arguments: { sessionKey: `${marker}-2` } }),
    ask(server, 'resources/read', { uri: `handoff://context/${marker}-2` }),
    post(server.mcp, `{"${marker}`).then((response) => response.text()),
  ];
  for (const answer of await Promise.all(refused)) expect(answer).toMatch(/"isError":true|"error":/);

  // PostgreSQL's first error has the value in its message; the second has a whole row in its detail.
  const faults = [
    ['22P02', 'alter table context_history add column broken int generated always as (content::int) stored'],
    ['23514', `alter table context_history add constraint broken check (content not like '%${marker}%')`],
    ['42703', 'alter table context_history drop column content cascade'],
  ] as const;
  const undo = 'alter table context_history drop constraint if exists broken, drop column if exists broken';
  await database.query('delete from context_history');
  for (const [, damage] of faults) {
    await database.query(damage);
    expect(await append(server)).toContain('INTERNAL_ERROR');
    await database.query(undo);
  }
  await server.stop();
  expect(server.log.filter(({ level }) => level === 'error')).toMatchObject(
    faults.map(([code]) => ({
      code: 'INTERNAL_ERROR',
      tool: 'updateContext',
      requestId: expect.any(String) as string,
      err: { code, stack: expect.stringMatching(/^at /) as string },
    })),
  );
  expect(server.log.filter(({ msg }) => msg === 'Call').length).toBeGreaterThan(10);
  expect(JSON.stringify(server.log)).not.toContain(marker);
});

it('reports a lost database, without its password', async () => {
  const server = await start();
  const name = new URL(database.url).pathname.slice(1);
  const elsewhere = await temporaryDatabase();
  await elsewhere.query(`drop database ${name} with (force)`);
  // This uses the old connections, and then new ones.
  expect(await call(server, 'getContext', { sessionKey: 'work' })).toContain('STORE_UNAVAILABLE');
  expect(await call(server, 'getContext', { sessionKey: 'work' })).toContain('STORE_UNAVAILABLE');
  await server.stop();
  await elsewhere.query(`create database ${name}`);
  await elsewhere.drop();

  const told = server.log.filter(({ code }) => code === 'STORE_UNAVAILABLE');
  expect(told).toHaveLength(2);
  expect(told[1]).toMatchObject({ level: 'error', tool: 'getContext', err: { code: '3D000' } });
  expect(JSON.stringify(server.log)).not.toContain(secret);
});

it('has a line when a library prints something, without the text, and one for warnings of Node.js', async () => {
  const prints = `process.on('SIGUSR2', () => {
    console.info('${secret}');
    console.error('${secret}', Object.assign(new TypeError('boom'), { detail: '${secret}' }));
    process.emitWarning('deprecated');
  })`;
  const server = await start({
    NODE_OPTIONS: `--import=data:text/javascript;base64,${Buffer.from(prints).toString('base64')}`,
  });
  server.child.kill('SIGUSR2');
  await expect
    .poll(() => server.log.slice(1))
    .toMatchObject([
      { level: 'debug', err: { stack: expect.stringContaining('at ') as string }, msg: 'A library printed something' },
      { level: 'warn', err: { type: 'TypeError', message: 'boom' } },
      { level: 'warn', err: { message: 'deprecated' }, msg: 'Node.js warns' },
    ]);
  const { stdout } = await server.stop();
  expect(stdout).toBe('');
  expect(JSON.stringify(server.log)).not.toContain(secret);
});
