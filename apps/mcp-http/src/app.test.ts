import { ContextStoreError, type ContextStore } from '@org/context-store';
import { describe, expect, it } from 'vitest';
import { createApp, type AppOptions } from './app.js';

const appWith = ({ ping = () => Promise.resolve(), ...options }: Partial<AppOptions & ContextStore>) =>
  createApp({
    service: Promise.resolve({
      serveMessage: () => Promise.reject(new Error('not asked for')),
      contextStore: { ping },
    }),
    allowedHosts: ['localhost'],
    allowedOrigins: [],
    localOriginHosts: ['localhost'],
    isStopping: () => false,
    onError: () => undefined,
    ...options,
  });

describe('GET /ready', () => {
  it('answers why calls cannot be served', async () => {
    const away = () =>
      Promise.reject(
        new ContextStoreError(
          'STORE_UNAVAILABLE',
          'The database is away. Nothing was written; send the same call again.',
          {
            written: 'no',
          },
        ),
      );
    const response = await appWith({ ping: away }).request('/ready');
    expect([response.status, await response.json()]).toEqual([
      503,
      { status: 'unavailable', reason: 'The database is away.' },
    ]);
  });

  it('reveals no internal error', async () => {
    const broken = () => Promise.reject(new Error('SELECT secret'));
    const response = await appWith({ ping: broken }).request('/ready');
    expect([response.status, await response.text()]).toEqual([503, expect.not.stringContaining('SELECT')]);
  });

  it('pings the database once for all probes at the same time, and again for later ones', async () => {
    const answers: (() => void)[] = [];
    const app = appWith({ ping: () => new Promise((resolve) => answers.push(resolve)) });
    const probes = [app.request('/ready'), app.request('/ready')];
    await expect.poll(() => answers.length).toBe(1);
    answers[0]?.();
    for (const probe of probes) expect((await probe).status).toBe(200);
    const later = app.request('/ready');
    await expect.poll(() => answers.length).toBe(2);
    answers[1]?.();
    expect((await later).status).toBe(200);
  });

  it('answers that the server is starting', async () => {
    const app = appWith({ service: new Promise(() => undefined) });
    expect(await (await app.request('/ready')).text()).toContain('starting');
    expect((await app.request('/health')).status).toBe(200);
  });

  it('answers 503 while the server is stopping, and /health still answers 200', async () => {
    const app = appWith({ isStopping: () => true });
    expect((await app.request('/ready')).status).toBe(503);
    expect((await app.request('/health')).status).toBe(200);
  });
});

it('answers a defect with 500 in JSON, counts it, and reports it with the same request id', async () => {
  const heard: unknown[] = [];
  const counted: unknown[] = [];
  const app = appWith({ onError: (...report) => heard.push(report) });
  const response = await app.request(
    '/mcp',
    { headers: { host: 'localhost' } },
    {
      requestId: 'r-1',
      incoming: { socket: {} },
      outgoing: { socket: {} },
      countRefusal: (...refusal: unknown[]) => counted.push(refusal),
    },
  );
  expect([response.status, await response.json()]).toEqual([
    500,
    { error: 'The request could not be served.', requestId: 'r-1' },
  ]);
  expect(heard).toEqual([[new Error('not asked for'), { requestId: 'r-1' }]]);
  expect(counted).toEqual([[500, 'defect']]);
});
