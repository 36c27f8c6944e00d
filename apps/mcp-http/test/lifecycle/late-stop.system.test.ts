import { once } from 'node:events';
import { connect } from 'node:net';
import { within } from '@org/redis-connection/within';
import { startOtlpReceiver } from '@org/telemetry-otel/testing';
import { expect, it, onTestFinished } from 'vitest';
import { HttpServerProcess } from '../support/mcp-http.js';
import { callTool } from '../support/tool-call.js';

/** Supervisors kill a process after this time. The server stops one second earlier. */
const promisedMs = 10_000;

it(
  'stops in time and logs a warning when a client sends half a request and a trace receiver does not answer',
  {
    timeout: 60_000,
  },
  async () => {
    const receiver = await startOtlpReceiver();
    onTestFinished(() => receiver.close());
    receiver.mood = 'silent';
    const server = await HttpServerProcess.start({
      DATABASE_URL: 'sqlite::memory:',
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    });
    await callTool(server.mcp, 'registerSession');
    const client = connect(Number(new URL(server.url).port), '127.0.0.1').on('error', () => undefined);
    await once(client, 'connect');
    const headers = [
      'Host: 127.0.0.1',
      'Content-Type: application/json',
      'Accept: application/json, text/event-stream',
    ];
    client.write(['POST /mcp HTTP/1.1', ...headers, 'Content-Length: 9', '', '{'].join('\r\n'));
    await expect.poll(async () => (await fetch(`${server.url}/health`)).status).toBe(200);
    expect(await within(promisedMs, server.stop())).toMatchObject({ code: 0 });
    expect(server.log.at(-1)).toMatchObject({
      level: 'warn',
      msg: expect.stringMatching(/^Stopped, though/) as string,
    });
  },
);
