import { join } from 'node:path';
import { createApiKey } from '@org/api-keys';
import { temporaryDatabase, type TemporaryDatabase } from '@org/store-kysely/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuthorizationServer, serverFor } from '../auth/authorization-server.js';
import { lockSessions, untilStatementWaits } from '../lifecycle/locked-session.js';
import {
  clientKinds,
  connect,
  HttpServerProcess,
  post,
  temporaryFolder,
  type Env,
  type LogLine,
} from '../support/mcp-http.js';

const secret = 'CONTENT-4711';
const entry = { contextType: 'message', content: secret };

let database: TemporaryDatabase;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let API_KEYS_FILE: string;
beforeEach(async () => {
  [database, folder] = [await temporaryDatabase(), await temporaryFolder()];
  API_KEYS_FILE = join(folder.path, 'keys.jsonl');
});
afterEach(async () => {
  await Promise.all([database.drop(), folder.remove()]);
});

const start = (env: Env): Promise<HttpServerProcess> =>
  HttpServerProcess.start({ DATABASE_URL: database.url, AUDIT_LOG: 'writes', LOG_LEVEL: 'info', ...env });

async function newKey(id: string, scopes: string): Promise<string> {
  const wanted = { id, namespace: 'acme', agent: undefined, scopes: scopes.split(',') };
  return (await createApiKey(API_KEYS_FILE, wanted)).key;
}

const trailOf = ({ log }: HttpServerProcess): readonly LogLine[] => log.filter(({ audit }) => audit === true);

async function callWith(
  server: HttpServerProcess,
  key: string,
  name: string,
  args: object,
  more: object = {},
): Promise<string> {
  const params = { name, arguments: { agent: 'planner', ...args }, ...more };
  const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params };
  return (await post(server.mcp, message, { authorization: `Bearer ${key}`, 'x-request-id': 'r-1' })).text();
}

describe.each(clientKinds)('the audit trail of a %s', (kind) => {
  it('has one line for each write, and none for a read', async () => {
    const key = await newKey('ci', 'context:read,context:write,handoff');
    const server = await start({ API_KEYS_FILE });
    const client = await connect(kind, 'Planner', server.mcp, { authorization: `Bearer ${key}` });
    const call = (name: string, args: Record<string, unknown>) => client.callTool({ name, arguments: args });
    const sessionKey = 'work';
    await call('registerSession', { sessionKey, title: secret, metadata: { secret } });
    const written = { ...entry, sessionKey, idempotencyKey: secret };
    await call('updateContext', written);
    await call('updateContext', written);
    await call('getContext', { sessionKey });
    const offer = { sessionKey, requestType: 'full_handoff', summary: secret, targetAgent: 'planner' };
    const offered = JSON.stringify(await call('requestHandoff', offer));
    const [, handoffId = ''] = /"handoffId":"([^"]+)"/.exec(offered) ?? [];
    await call('acceptHandoff', { handoffId });
    await client.readResource({ uri: `handoff://summary/${sessionKey}` });
    await client.close();
    await server.stop();
    const line = { level: 'info', credential: 'key:ci', namespace: 'acme', agent: 'planner', outcome: 'ok' };
    expect(trailOf(server)).toMatchObject([
      { ...line, tool: 'registerSession', sessionKey },
      { ...line, tool: 'updateContext', sessionKey },
      { ...line, tool: 'updateContext', sessionKey, replayed: true },
      { ...line, tool: 'requestHandoff', sessionKey, handoffId },
      { ...line, tool: 'acceptHandoff', sessionKey, handoffId },
    ]);
    for (const logged of trailOf(server)) {
      expect([typeof logged['requestId'], typeof logged['durationMs']]).toEqual(['string', 'number']);
    }
    expect(JSON.stringify(server.log)).not.toContain(secret);
  });
});

it('has every failure and refusal, whatever the sample, and reads with AUDIT_LOG=all', async () => {
  const [key, reader] = [await newKey('ci', 'context:read,context:write'), await newKey('reader', 'context:read')];
  const server = await start({
    API_KEYS_FILE,
    AUDIT_LOG: 'all',
    AUDIT_SAMPLE: '0',
    RATE_LIMIT_PER_SECOND: '1',
  });
  await callWith(server, key, 'registerSession', { sessionKey: 'work' });
  await callWith(server, key, 'registerSession', { sessionKey: 'work' });
  await callWith(server, key, 'getContext', { sessionKey: 'none' });
  await callWith(server, reader, 'registerSession', { sessionKey: 'work' });
  for (let times = 0; times < 8; times += 1) await callWith(server, key, 'listSessions', {});
  await server.stop();
  const known = { requestId: 'r-1', namespace: 'acme', agent: 'planner' };
  expect(trailOf(server).slice(0, 4)).toMatchObject([
    { ...known, credential: 'key:ci', tool: 'registerSession', outcome: 'SESSION_EXISTS' },
    { ...known, credential: 'key:ci', tool: 'getContext', sessionKey: 'none', outcome: 'SESSION_NOT_FOUND' },
    { ...known, credential: 'key:reader', tool: 'registerSession', sessionKey: 'work', outcome: 'FORBIDDEN' },
    { ...known, credential: 'key:ci', tool: 'listSessions', outcome: 'RATE_LIMITED' },
  ]);
  expect(trailOf(server)).toHaveLength(4);
});

it('has one line for a call that the SDK serves, because it asks for progress', async () => {
  const key = await newKey('ci', 'context:write');
  const server = await start({ API_KEYS_FILE });
  await callWith(server, key, 'registerSession', { sessionKey: 'work' }, { _meta: { progressToken: 1 } });
  await server.stop();
  expect(trailOf(server)).toMatchObject([
    { credential: 'key:ci', requestId: 'r-1', sessionKey: 'work', outcome: 'ok' },
  ]);
});

it('agrees with the database on a write whose client left before the answer', async () => {
  const server = await start({});
  await callWith(server, 'none', 'registerSession', { sessionKey: 'work' });
  const unlock = await lockSessions(database);
  const leaving = new AbortController();
  const params = { name: 'updateContext', arguments: { agent: 'a', sessionKey: 'work', ...entry } };
  const sent = fetch(server.mcp, {
    method: 'POST',
    signal: leaving.signal,
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
  }).catch(() => undefined);
  await untilStatementWaits(database);
  leaving.abort();
  await sent;
  await unlock();
  await expect.poll(() => trailOf(server)).toHaveLength(2);
  await server.stop();
  const written = await database.query('select from context_history');
  // A store may give the call up before its next statement.
  expect([
    ['ok', 1],
    ['CANCELLED', 0],
  ]).toContainEqual([trailOf(server)[1]?.['outcome'], written.length]);
});

it('names the subject and the issuer of a token', async () => {
  const issuer = await AuthorizationServer.start();
  const server = await serverFor(issuer, { AUDIT_LOG: 'writes' });
  await callWith(server, await issuer.sign({ sub: 'auth0|42', scope: 'context:write' }), 'registerSession', {
    sessionKey: 'work',
  });
  await server.stop();
  await issuer.stop();
  expect(trailOf(server)).toMatchObject([
    { credential: 'subject:auth0|42', issuer: issuer.issuer, namespace: 'acme', outcome: 'ok' },
  ]);
});
