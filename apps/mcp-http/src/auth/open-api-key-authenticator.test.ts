import { hashApiKey, newApiKey, parseApiKeys } from '@org/api-keys';
import { describe, expect, it } from 'vitest';
import { apiKeyPrincipal } from './open-api-key-authenticator.js';

const key = newApiKey('reader');
const entry = { id: 'reader', hash: hashApiKey(key), namespace: 'acme', scopes: ['context:read'] };

describe('the principal of an API key', () => {
  const nowSeconds = Date.now() / 1000;
  const principalOf = (changes: object): unknown =>
    apiKeyPrincipal(parseApiKeys(JSON.stringify({ ...entry, ...changes })), key);

  it('has the values of its line', () => {
    expect(principalOf({ agent: 'planner' })).toMatchObject({
      id: 'key:reader',
      namespace: 'acme',
      agent: 'planner',
      scopes: ['context:read'],
    });
  });

  it('expires after five minutes, or when the key does', () => {
    const { expiresAt } = principalOf({}) as { expiresAt: number };
    expect(expiresAt - nowSeconds).toBeGreaterThan(290);
    expect(expiresAt - nowSeconds).toBeLessThan(400);
    const soon = new Date(Date.now() + 60_000).toISOString();
    expect(principalOf({ expiresAt: soon })).toMatchObject({ expiresAt: Date.parse(soon) / 1000 });
    expect(() => principalOf({ expiresAt: '2026-01-01T00:00:00+02:00' })).toThrow('the API key reader has expired');
  });
});
