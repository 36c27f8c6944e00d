import { ContextStoreError } from '@org/context-store';
import { describe, expect, it } from 'vitest';
import { createApp, type AppOptions } from './app.js';

const appWith = (options: Partial<AppOptions>) =>
  createApp({
    handler: { fetch: () => Promise.reject(new Error('not asked for')) },
    contextStore: { ping: () => Promise.resolve() },
    allowedHosts: ['localhost'],
    allowedOrigins: ['localhost'],
    maxRequestBytes: 1000,
    isStopping: () => false,
    log: () => undefined,
    ...options,
  });

describe('GET /ready', () => {
  it('says why calls cannot be served', async () => {
    const away = () => Promise.reject(new ContextStoreError('STORE_UNAVAILABLE', 'The database is away.'));
    const response = await appWith({ contextStore: { ping: away } }).request('/ready');
    expect([response.status, await response.json()]).toEqual([
      503,
      { status: 'unavailable', reason: 'The database is away.' },
    ]);
  });

  it('keeps to itself what went wrong inside', async () => {
    const broken = () => Promise.reject(new Error('SELECT secret'));
    const response = await appWith({ contextStore: { ping: broken } }).request('/ready');
    expect([response.status, await response.text()]).toEqual([503, expect.not.stringContaining('SELECT')]);
  });

  it('wants no new calls while the server is stopping, and is still alive', async () => {
    const app = appWith({ isStopping: () => true });
    expect((await app.request('/ready')).status).toBe(503);
    expect((await app.request('/health')).status).toBe(200);
  });
});

it('answers a defect of its own with 500 in JSON, and logs it', async () => {
  const lines: string[] = [];
  const response = await appWith({ log: (line) => lines.push(line) }).request(
    '/mcp',
    { headers: { host: 'localhost' } },
    {},
  );
  expect([response.status, await response.json()]).toEqual([500, { error: 'The request could not be served.' }]);
  expect(lines).toEqual(['GET /mcp: not asked for']);
});
