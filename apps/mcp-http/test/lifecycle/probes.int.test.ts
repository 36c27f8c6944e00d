import { unusedPort } from '@org/store-kysely/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HttpServerProcess } from '../support/mcp-http.js';
import { rawRequest } from '../http/raw-request.js';

let server: HttpServerProcess;
let metrics: string;
beforeAll(async () => {
  const port = await unusedPort();
  metrics = `http://127.0.0.1:${port}/metrics`;
  server = await HttpServerProcess.start({ DATABASE_URL: 'sqlite::memory:', METRICS_PORT: `${port}` });
});
afterAll(() => server.stop());

const statusOf = (answer: string): string | undefined => answer.split(' ', 2)[1];
const ends = 'Connection: close\r\n\r\n';

describe('a probe is answered', () => {
  it.each(['/health', '/ready', '/ready?from=balancer'])('at %s by HTTP/1.0 without Host', async (path) => {
    for (const method of ['GET', 'HEAD', 'OPTIONS']) {
      expect(statusOf(await rawRequest(server.url, `${method} ${path} HTTP/1.0\r\n\r\n`)), method).toBe('200');
    }
  });

  it.each(['', 'Host:\r\n', 'Host: a@b\r\n', 'Host: [fe80::1%eth0]:80\r\n', 'Host: [fd00:0:0::1]\r\n'])(
    'by HTTP/1.1 with a Host that names nothing: %j',
    async (host) => {
      const answer = await rawRequest(server.url, `GET /ready HTTP/1.1\r\n${host}${ends}`);
      expect([statusOf(answer), answer]).toEqual(['200', expect.stringContaining('{"status":"ready"}')]);
    },
  );

  it('at /metrics by HTTP/1.0 and 1.1 without Host, and by HEAD', async () => {
    expect(await rawRequest(metrics, 'GET /metrics HTTP/1.0\r\n\r\n')).toContain('tool_duration_ms');
    expect(statusOf(await rawRequest(metrics, `GET /metrics HTTP/1.1\r\n${ends}`))).toBe('200');
    const head = await rawRequest(metrics, `HEAD /metrics HTTP/1.1\r\nHost: a\r\n${ends}`);
    expect([statusOf(head), head]).toEqual(['200', expect.not.stringContaining('tool_duration_ms')]);
    expect(statusOf(await rawRequest(metrics, `DELETE /metrics HTTP/1.1\r\n${ends}`))).toBe('405');
  });
});

it('MCP without a Host is refused with a message', async () => {
  for (const start of ['POST /mcp HTTP/1.0\r\n\r\n', `POST /mcp HTTP/1.1\r\n${ends}`]) {
    const answer = await rawRequest(server.url, start);
    expect([statusOf(answer), answer]).toEqual(['400', expect.stringContaining('Missing host header')]);
  }
});
