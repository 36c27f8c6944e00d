import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { clientKinds, connect, dataFolder, RawServer, type DataFolder } from './mcp-stdio.js';

let folder: DataFolder;
beforeEach(async () => {
  folder = await dataFolder();
  // These run in reverse order: servers end before their folder is removed.
  onTestFinished(() => folder.remove());
});

function start(): RawServer {
  const server = new RawServer({ DATABASE_URL: folder.database, CONTEXT_AGENT: 'raw' });
  onTestFinished(async () => {
    server.child.kill('SIGKILL');
    await server.finished;
  });
  return server;
}

const ping = { id: 'after', method: 'ping' };

describe('input that is not a JSON-RPC message', () => {
  it('does not disturb the official clients', async () => {
    for (const kind of clientKinds) {
      const client = await connect(kind, 'client', { DATABASE_URL: folder.database });
      // Invalid in every version: the server answers with an error that has no request id.
      await client.transport?.send({ jsonrpc: '1.0', method: 'ping' } as never);
      expect((await client.listTools()).tools).toHaveLength(10);
      await client.close();
    }
  });

  it('is ignored if it is an empty line; carriage returns and messages in pieces are accepted', async () => {
    const server = start();
    server.write('\n\r\n{"jsonrpc":"2.0",');
    await new Promise((resolve) => setTimeout(resolve, 20));
    server.write('"id":1,"method":"ping"}\r\n{"jsonrpc":"2.0","id":2,"method":"ping"}\n');
    expect([await server.next(), await server.next()]).toMatchObject([{ id: 1 }, { id: 2 }]);
  });

  it('is refused without buffering if it is too large, and the server keeps serving', async () => {
    const server = start();
    server.write(`{"jsonrpc":"2.0","method":"ping","params":{"x":"${'a'.repeat(8 * 1024 * 1024)}"},"id":1}\n`);
    expect(await server.next()).toMatchObject({
      id: 1,
      error: { code: -32_600, message: expect.stringContaining('larger than') as string },
    });
    server.send(ping);
    expect(await server.next()).toMatchObject({ id: 'after' });
  });
});

it('negotiates the modern era with a client that supports it', async () => {
  const client = await connect('v2 client, negotiating', 'negotiator', { DATABASE_URL: folder.database });
  expect(client.getServerVersion()).toMatchObject({ name: 'context-store' });
  expect((await client.listTools()).tools).toHaveLength(10);
  await client.close();
});

it.each([{ name: {} }, { name: 5 }, 'client', null, []])(
  'ignores %j as the name of a client on a legacy connection: its schema allows any value there',
  async (clientInfo) => {
    const unnamed = new RawServer({ DATABASE_URL: folder.database });
    unnamed.send({
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'legacy', version: '1' } },
    });
    await unnamed.next();
    const _meta = { 'io.modelcontextprotocol/clientInfo': clientInfo };
    unnamed.send({ id: 2, method: 'tools/call', params: { name: 'listHandoffs', arguments: {}, _meta } });
    expect(await unnamed.next()).toMatchObject({ id: 2, result: { structuredContent: { handoffs: [] } } });
    unnamed.child.stdin.end();
    await unnamed.finished;
  },
);

describe('the server', () => {
  it('answers every request that came before standard input ended, then exits with 0', async () => {
    const server = start();
    server.callTool(0, 'registerSession', { sessionKey: 'work' });
    for (let id = 1; id <= 50; id += 1) {
      server.callTool(id, 'updateContext', { sessionKey: 'work', contextType: 'message', content: `entry ${id}` });
    }
    server.child.stdin.end();
    const { code, stdout, stderr } = await server.finished;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.trim().split('\n')).toHaveLength(51);
    expect(stdout).not.toContain('isError');
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('exits with 0 on %s', async (signal) => {
    const server = start();
    server.send(ping);
    await server.next();
    server.child.kill(signal);
    expect(await server.finished).toMatchObject({ code: 0, stderr: '' });
  });

  it('keeps acknowledged writes after a stop', async () => {
    const server = start();
    server.callTool(1, 'registerSession', { sessionKey: 'work' });
    await server.next();
    server.child.kill('SIGTERM');
    await server.finished;
    const again = start();
    again.callTool(1, 'getContext', { sessionKey: 'work' });
    expect(await again.next()).toMatchObject({
      result: { structuredContent: { sessionKey: 'work', lastSequence: 0 } },
    });
  });
});
