import { afterEach, beforeEach, expect, it } from 'vitest';
import { connect, dataFolder, RawServer, type DataFolder } from './mcp-stdio.js';

let folder: DataFolder;
let server: RawServer;
beforeEach(async () => {
  folder = await dataFolder();
  server = new RawServer({ DATABASE_URL: folder.database, CONTEXT_AGENT: 'reviewer' });
});
afterEach(async () => {
  server.child.kill('SIGKILL');
  await server.finished;
  await folder.remove();
});

it('answers waiting calls without offers when the client leaves, and exits', async () => {
  for (let id = 0; id < 200; id += 1) server.callTool(id, 'listHandoffs', { waitSeconds: 45 });
  server.send({ id: 'ping', method: 'ping' });
  expect(await server.next()).toMatchObject({ id: 'ping' });
  server.child.stdin.end();
  const { code, stdout, stderr } = await server.finished;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.match(/"handoffs":\[\]/g)).toHaveLength(200);
});

it('abandons a wait that the client cancels: it is not answered, and does not delay the exit', async () => {
  server.callTool(1, 'listHandoffs', { waitSeconds: 45 });
  server.callTool(2, 'listHandoffs', { waitSeconds: 45 });
  server.send({ method: 'notifications/cancelled', params: { requestId: 1 } });
  server.callTool(3, 'registerSession', { sessionKey: 'work' });
  server.callTool(4, 'requestHandoff', { sessionKey: 'work', requestType: 'full_handoff' });
  const answered = [await server.next(), await server.next(), await server.next()].map(({ id }) => id);
  expect(new Set(answered)).toEqual(new Set([2, 3, 4]));
  server.child.stdin.end();
  expect(await server.finished).toMatchObject({ code: 0 });
});

it('notifies a client of a change by another process', async () => {
  const env = { DATABASE_URL: folder.database, CONTEXT_AGENT: 'planner' };
  const writer = await connect('v2 client, legacy', 'writer', env);
  await writer.callTool({ name: 'registerSession', arguments: { sessionKey: 'work' } });
  for (const kind of ['v2 client, legacy', 'v2 client, modern'] as const) {
    const reader = await connect(kind, 'reader', env);
    if (!('listen' in reader)) throw new TypeError('not a client of version 2');
    const { promise: heard, resolve } = Promise.withResolvers<string>();
    reader.setNotificationHandler('notifications/resources/updated', ({ params }) => resolve(params.uri));
    const uri = 'handoff://context/work';
    await (kind === 'v2 client, modern'
      ? reader.listen({ resourceSubscriptions: [uri] })
      : reader.subscribeResource({ uri }));
    const entry = { sessionKey: 'work', contextType: 'message', content: 'x' };
    await writer.callTool({ name: 'updateContext', arguments: entry });
    expect(await heard).toBe(uri);
    await reader.close();
  }
  await writer.close();
});
