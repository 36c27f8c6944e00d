import { once } from 'node:events';
import { connect } from 'node:net';
import { startOtlpReceiver } from '@org/telemetry-otel/testing';
import { expect, it, onTestFinished } from 'vitest';
import { HttpServerProcess } from './mcp-http.js';
import { callTool } from './tool-call.js';
import { within } from '../src/lifecycle/within.js';

/** How long a supervisor waits before it kills. The product takes a second less for itself. */
const promisedMs = 10_000;

it(
  'told to stop, says that it ends though something is left: a client that sends no more, and a receiver that is silent',
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
    expect(await within(server.stop(), promisedMs)).toMatchObject({ code: 0 });
    expect(server.log.at(-1)).toMatchObject({
      level: 'warn',
      msg: expect.stringMatching(/^Stopped, though/) as string,
    });
  },
);
