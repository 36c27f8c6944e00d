import { describe, expect, it } from 'vitest';
import { connect, eras, factoryOver, memoryContextStore } from '../test/connect.js';

describe.each(eras)('the server, %s era', (era) => {
  it('sends its identity, capabilities and instructions', async () => {
    const client = await connect(factoryOver(memoryContextStore()), era);
    expect(client.getServerVersion()).toMatchObject({ name: 'context-store', version: '1.2.3' });
    expect(client.getServerCapabilities()).toEqual({ tools: {}, prompts: {}, resources: {}, completions: {} });
    expect(client.getInstructions()).toContain('listHandoffs');
  });

  it('gives a title to all that it lists', async () => {
    const contextStore = memoryContextStore();
    await contextStore.registerSession({ sessionKey: 'work', agent: 'a' });
    const client = await connect(factoryOver(contextStore), era);
    const [{ tools }, { prompts }, { resources }, { resourceTemplates }] = await Promise.all([
      client.listTools(),
      client.listPrompts(),
      client.listResources(),
      client.listResourceTemplates(),
    ]);
    const listed = [...tools.map(({ annotations }) => ({ ...annotations })), ...prompts, ...resources];
    for (const { title } of [...listed, ...resourceTemplates]) expect(title).toMatch(/^\S/);
    expect(resources).toHaveLength(4);
  });

  it('lists its tools', async () => {
    const client = await connect(factoryOver(memoryContextStore()), era);
    expect((await client.listTools()).tools).toHaveLength(10);
  });

  it.each(['tools/list', 'prompts/list', 'resources/templates/list'])(
    'refuses a cursor for %s, which has one page',
    async (method) => {
      const client = await connect(factoryOver(memoryContextStore()), era);
      const asked = client.request({ method: method as 'tools/list', params: { cursor: 'stale' } });
      await expect(asked).rejects.toMatchObject({
        code: -32_602,
        message: expect.stringContaining('again without one') as string,
      });
    },
  );

  it.each([
    ['tools/list', { cursor: 0 }, 'cursor'],
    ['prompts/list', { cursor: null }, 'cursor'],
    ['resources/templates/list', { cursor: [] }, 'cursor'],
    ['resources/read', { uri: 5 }, 'uri'],
    ['resources/list', { cursor: {} }, 'cursor'],
    ['prompts/get', { name: 7 }, 'name'],
    ['prompts/get', { name: 'resume', arguments: { sessionKey: 7 } }, 'sessionKey'],
    ['completion/complete', { argument: { name: 'sessionKey', value: 'a' } }, 'ref'],
    ['tools/call', { name: 'getContext', arguments: 'sessionKey=a' }, 'arguments'],
    ['tools/call', { name: 7 }, 'name'],
  ])('answers malformed parameters of %s with an error that names them', async (method, params, named) => {
    const client = await connect(factoryOver(memoryContextStore()), era);
    const asked = client.request({ method, params } as unknown as { method: 'tools/call'; params: { name: string } });
    await expect(asked).rejects.toMatchObject({ code: -32_602, message: expect.stringContaining(named) as string });
  });
});
