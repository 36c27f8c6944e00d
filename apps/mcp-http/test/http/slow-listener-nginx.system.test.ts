import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { openContextStore, type ContextStore } from '@org/context-store';
import { withMethods } from '@org/mcp/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startNginx, type Nginx } from '../replicas/replicas.js';
import { serveInProcess, type InProcessServer } from './serve-in-process.js';

const sessionKeys = Array.from({ length: 100 }, (_, index) => `session-${index}-${'x'.repeat(100)}`);
/** Far more than a listener may leave unread, and than all socket buffers in between can hold. */
const changesToSend = 300_000;

let contextStore: ContextStore;
let listeners: number;
let server: InProcessServer;
let nginx: Nginx;
beforeEach(async () => {
  const opened = await openContextStore({ database: 'sqlite::memory:', agent: 'planner' });
  listeners = 0;
  contextStore = withMethods(opened, (view) => ({
    subscribe: (listener) => {
      const end = view.subscribe(listener);
      listeners += 1;
      return () => {
        listeners -= 1;
        end();
      };
    },
  }));
  for (const sessionKey of sessionKeys) await contextStore.registerSession({ sessionKey });
  server = await serveInProcess(contextStore, {
    mcp: { gatherMs: 1 },
    maxRequestBytes: 100_000,
    maxConcurrentCalls: 10,
    maxQueuedCalls: 10,
    maxWaitingCalls: 10,
  });
  nginx = await startNginx([Number(new URL(server.url).port)]);
});
afterEach(async () => {
  await nginx.stop();
  await server.close(100);
  await contextStore.close();
});

/** Subscribes to all sessions, and never reads the stream. */
async function listenAndNeverRead(mcp: string): Promise<Socket> {
  const { hostname, port, host } = new URL(mcp);
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'subscriptions/listen',
    params: {
      notifications: { resourceSubscriptions: sessionKeys.map((sessionKey) => `handoff://sessions/${sessionKey}`) },
      _meta: {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientInfo': { name: 'listener', version: '1' },
        'io.modelcontextprotocol/clientCapabilities': {},
      },
    },
  });
  const head = [
    'POST /mcp HTTP/1.1',
    `Host: ${host}`,
    'Content-Type: application/json',
    'Accept: application/json, text/event-stream',
    'MCP-Protocol-Version: 2026-07-28',
    'MCP-Method: subscriptions/listen',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  const socket = createConnection(Number(port), hostname);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  await expect.poll(() => listeners).toBe(sessionKeys.length);
  return socket;
}

describe('a listener that does not read is dropped', { timeout: 120_000 }, () => {
  it.for(['directly', 'behind nginx'])('connected %s', async (how, { annotate }) => {
    const socket = await listenAndNeverRead(how === 'directly' ? `${server.url}/mcp` : nginx.mcp);
    const before = process.memoryUsage().heapUsed;
    let changes = 0;
    const isHeard = (): boolean => listeners > 0;
    while (isHeard() && changes < changesToSend) {
      await Promise.all(
        sessionKeys.map((sessionKey) =>
          contextStore.updateContext({ sessionKey, contextType: 'message', content: 'text' }),
        ),
      );
      changes += sessionKeys.length;
    }
    const after = process.memoryUsage().heapUsed;
    await annotate(`dropped after ${changes} changes; the heap grew by ${after - before} bytes`);
    expect(listeners).toBe(0);
    const closed = once(socket, 'close');
    socket.resume();
    await closed;
  });
});
