import { readEnvironment } from '@org/context-store/environment';
import { describe, expect, it } from 'vitest';
import { allowedHosts, httpEnvironmentTable, localOriginHosts, requireAuthDecision } from './environment.js';

const read = (env: Record<string, string>) => readEnvironment(httpEnvironmentTable, env);

describe('access to the server', () => {
  it.each(['127.0.0.1', '127.8.9.10', '::1', 'localhost'])('needs no setting on %s', (HOST) => {
    expect(() => requireAuthDecision(read({ HOST }))).not.toThrow();
  });

  it.each(['0.0.0.0', '::', '192.168.1.5', 'store.example', '127.0.0.1.example'])(
    'must be configured on %s',
    (HOST) => {
      expect(() => requireAuthDecision(read({ HOST }))).toThrow('AUTH_MODE=none');
      expect(() => requireAuthDecision(read({ HOST, AUTH_MODE: 'none' }))).not.toThrow();
    },
  );
});

describe('credentials', () => {
  const [AUTH_ISSUER, AUTH_AUDIENCE] = ['https://issuer.example/realm', 'https://context.example/mcp'];
  const problemsOf = (env: Record<string, string>): string => {
    try {
      requireAuthDecision(read(env));
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  };

  it.each([
    [{ AUTH_ISSUER, AUTH_AUDIENCE }],
    [{ AUTH_ISSUER, AUTH_AUDIENCE: 'context-store', PUBLIC_URL: 'https://context.example/mcp' }],
    [{ AUTH_ISSUER: 'http://localhost:8080', AUTH_AUDIENCE, AUTH_JWKS_URL: 'http://[::1]:8080/keys' }],
    [{ AUTH_ISSUER, AUTH_AUDIENCE, API_KEYS_FILE: 'keys.jsonl', AUTH_AGENT_CLAIM: 'https://claims.example/agent' }],
    [{ API_KEYS_FILE: 'keys.jsonl' }],
  ])('allow a server that other machines can reach: %j', (env) => {
    expect(problemsOf({ HOST: '0.0.0.0', ...env })).toBe('');
  });

  it.each([
    [{ AUTH_ISSUER }, ['AUTH_AUDIENCE']],
    [{ AUTH_ISSUER, AUTH_AUDIENCE: 'context-store' }, ['PUBLIC_URL']],
    [{ AUTH_ISSUER, AUTH_AUDIENCE, AUTH_MODE: 'none' }, ['AUTH_MODE']],
    [{ API_KEYS_FILE: 'keys.jsonl', AUTH_MODE: 'none' }, ['AUTH_MODE']],
    [{ AUTH_AUDIENCE, AUTH_JWKS_URL: AUTH_ISSUER }, ['AUTH_AUDIENCE', 'AUTH_JWKS_URL']],
    [{ AUTH_AGENT_CLAIM: 'agent', HOST: '::' }, ['AUTH_AGENT_CLAIM', 'HOST']],
    [{ AUTH_ISSUER: 'http://issuer.example', AUTH_JWKS_URL: 'file:///keys' }, ['AUTH_ISSUER', 'AUTH_JWKS_URL']],
    [{ AUTH_ISSUER: 'https://issuer.example/?tenant=1' }, ['AUTH_ISSUER']],
    [{ AUTH_ISSUER: 'http://127.0.0.1.evil.example' }, ['AUTH_ISSUER']],
    [{ AUTH_NAMESPACE_CLAIM: 'a b' }, ['AUTH_NAMESPACE_CLAIM']],
  ])('that contradict each other are refused, all at once: %j', (env, variables) => {
    const lines = problemsOf(env).split('\n');
    expect(lines.map((line) => line.split(' ')[0])).toEqual(variables);
  });

  it('have a claim for the namespace, unless it is off', () => {
    expect(read({}).AUTH_NAMESPACE_CLAIM).toBe('context_namespace');
    expect(read({ AUTH_NAMESPACE_CLAIM: '' }).AUTH_NAMESPACE_CLAIM).toBe('context_namespace');
    expect(read({ AUTH_NAMESPACE_CLAIM: 'off' }).AUTH_NAMESPACE_CLAIM).toBeUndefined();
  });
});

describe('allowed names', () => {
  it('are loopback and HOST unless more are given', () => {
    expect(allowedHosts(read({ HOST: '192.168.1.5' }))).toEqual(['localhost', '127.0.0.1', '[::1]', '192.168.1.5']);
    expect(allowedHosts(read({ HOST: '::1' }))).toContain('[::1]');
  });

  it('include the host of PUBLIC_URL', () => {
    expect(allowedHosts(read({ PUBLIC_URL: 'https://store.example:8443/mcp' }))).toContain('store.example');
  });

  it('may be written with ports and spaces', () => {
    expect(allowedHosts(read({ ALLOWED_HOSTS: 'Store.example:8080, other.example,' }))).toEqual(
      expect.arrayContaining(['store.example', 'other.example']),
    );
  });

  it.each([
    'https://store.example',
    'store.example/mcp',
    'me@store.example',
    '*',
    '*.store.example',
    '.store.example',
    'store.example.',
    '"store.example"',
    'one.example;two.example',
    'one.example two.example',
    'store.example:port',
    '::1',
  ])('are refused if no request could name them: %s', (name) => {
    expect(() => read({ ALLOWED_HOSTS: `good.example,${name}` })).toThrow(`${name} is not a host name`);
  });

  it.each(['store_1.example', '127.0.0.1', '[::1]:80', 'bücher.example', 'LOCALHOST'])('may be %s', (name) => {
    expect(read({ ALLOWED_HOSTS: name }).ALLOWED_HOSTS).toHaveLength(1);
  });
});

describe('allowed origins', () => {
  it('are complete origins', () => {
    const origins = 'https://App.example:8443/, moz-extension://*';
    expect(read({ ALLOWED_ORIGINS: origins }).ALLOWED_ORIGINS).toEqual([
      'https://app.example:8443',
      'moz-extension://*',
    ]);
    expect(() => read({ ALLOWED_ORIGINS: 'app.example' })).toThrow('app.example is not an origin');
  });

  it('include those of this machine if only this machine can reach the server', () => {
    for (const HOST of ['127.0.0.1', '::1', 'localhost']) {
      expect(localOriginHosts(read({ HOST }))).toEqual(['localhost', '127.0.0.1', '[::1]']);
    }
    for (const HOST of ['0.0.0.0', '::', '192.168.1.5']) expect(localOriginHosts(read({ HOST }))).toEqual([]);
  });
});

it('serves metrics on port 9090 unless METRICS_PORT sets another one, or none', () => {
  const port = (METRICS_PORT?: string) => read(METRICS_PORT === undefined ? {} : { METRICS_PORT }).METRICS_PORT;
  expect([port(), port('9464')]).toEqual([9090, 9464]);
  expect([port('off'), port('0'), port('')]).toEqual([undefined, undefined, undefined]);
  expect(() => port('65536')).toThrow('METRICS_PORT');
  expect(() => port('on')).toThrow('METRICS_PORT');
});
