import { expect, it } from 'vitest';
import { loadAdapter } from './load-adapter.js';

const pg = { name: 'pg', purpose: 'PostgreSQL' };

it('says which package is missing, and for what', async () => {
  const missing: string = '@org/not-installed';
  await expect(loadAdapter(import(missing), pg)).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
    retryable: false,
    message: 'PostgreSQL needs the package pg. Install it beside this one: npm install pg. Nothing was written.',
  });
});

it('returns the adapter, and throws what is no missing package', async () => {
  expect(await loadAdapter(Promise.resolve('adapter'), pg)).toBe('adapter');
  await expect(loadAdapter(Promise.reject(new Error('broken')), pg)).rejects.toThrow('broken');
});
