import { expect, it } from 'vitest';
import { connect, dataFolder } from './mcp-stdio.js';

it('fences the older of two processes with one agent name, after a handoff to itself', async () => {
  const folder = await dataFolder();
  const env = { DATABASE_URL: folder.database, CONTEXT_AGENT: 'me' };
  const [older, newer] = [
    await connect('v2 client, legacy', 'one', env),
    await connect('v2 client, modern', 'two', env),
  ];
  const call = async (client: typeof older, name: string, args: Record<string, unknown>) =>
    (await client.callTool({ name, arguments: args }))['structuredContent'];
  const entry = { sessionKey: 'work', contextType: 'message', content: 'x' };

  await call(older, 'registerSession', { sessionKey: 'work' });
  await call(older, 'requestHandoff', { sessionKey: 'work', targetAgent: 'me', requestType: 'full_handoff' });
  const { handoffs } = (await call(newer, 'listHandoffs', {})) as { handoffs: { handoffId: string }[] };
  await call(newer, 'acceptHandoff', { handoffId: handoffs[0]?.handoffId });

  expect(await call(newer, 'updateContext', entry)).toMatchObject({ sequence: 1, epoch: 2 });
  expect(await call(older, 'updateContext', entry)).toMatchObject({ code: 'OWNERSHIP_LOST' });
  expect(await call(older, 'updateContext', entry)).toMatchObject({ code: 'OWNERSHIP_LOST' });
  await call(older, 'registerSession', { sessionKey: 'work', ifExists: 'resume' });
  expect(await call(older, 'updateContext', entry)).toMatchObject({ sequence: 2, epoch: 2 });

  await Promise.all([older.close(), newer.close()]);
  await folder.remove();
});

it('lets one of two processes with one agent name accept', async () => {
  const folder = await dataFolder();
  const env = { DATABASE_URL: folder.database, CONTEXT_AGENT: 'builder' };
  const clients = [
    await connect('v2 client, legacy', 'one', env),
    await connect('v2 client, modern', 'two', env),
  ] as const;
  const planner = await connect('v2 client, modern', 'three', { ...env, CONTEXT_AGENT: 'planner' });
  const call = async (client: typeof planner, name: string, args: Record<string, unknown>) =>
    (await client.callTool({ name, arguments: args }))['structuredContent'] as Record<string, unknown>;

  await call(planner, 'registerSession', { sessionKey: 'work' });
  const offered = { sessionKey: 'work', targetAgent: 'role:builder', requestType: 'full_handoff' };
  const { handoff } = await call(planner, 'requestHandoff', offered);
  const { handoffId } = handoff as { handoffId: string };
  const answers = await Promise.all(clients.map((client) => call(client, 'acceptHandoff', { handoffId })));
  const winner = answers.findIndex((answer) => answer['session'] !== undefined);
  expect(answers[1 - winner]).toMatchObject({ code: 'HANDOFF_CLAIMED' });
  expect(await call(clients[winner] as typeof planner, 'acceptHandoff', { handoffId })).toMatchObject({
    replayed: true,
  });

  await Promise.all([...clients, planner].map((client) => client.close()));
  await folder.remove();
});
