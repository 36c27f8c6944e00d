import { readEnvironment } from '@org/context-store/environment';
import { describe, expect, it } from 'vitest';
import { allowedHosts, allowedOrigins, httpEnvironmentTable, requireAuthDecision, urlHost } from './environment.js';

const read = (env: Record<string, string>) => readEnvironment(httpEnvironmentTable, env);

describe('who may reach the server', () => {
  it.each(['127.0.0.1', '127.8.9.10', '::1', 'localhost'])('needs no word about it on %s', (HOST) => {
    expect(() => requireAuthDecision(read({ HOST }))).not.toThrow();
  });

  it.each(['0.0.0.0', '::', '192.168.1.5', 'store.example', '127.0.0.1.example'])('must be decided on %s', (HOST) => {
    expect(() => requireAuthDecision(read({ HOST }))).toThrow('AUTH_MODE=none');
    expect(() => requireAuthDecision(read({ HOST, AUTH_MODE: 'none' }))).not.toThrow();
  });
});

describe('allowed names', () => {
  it('are loopback and HOST unless more are given', () => {
    expect(allowedHosts(read({ HOST: '192.168.1.5' }))).toEqual(['localhost', '127.0.0.1', '[::1]', '192.168.1.5']);
    expect(allowedHosts(read({ HOST: '::1' }))).toContain('[::1]');
    expect(allowedOrigins(read({}))).toEqual(['localhost', '127.0.0.1', '[::1]']);
  });

  it('may be written with ports, schemes and spaces', () => {
    expect(allowedHosts(read({ ALLOWED_HOSTS: 'Store.example:8080, other.example,' }))).toEqual(
      expect.arrayContaining(['store.example', 'other.example']),
    );
    const origins = 'https://app.example:8443, plain.example, moz-extension://*';
    expect(allowedOrigins(read({ ALLOWED_ORIGINS: origins })).slice(3)).toEqual([
      'app.example',
      'plain.example',
      'moz-extension://*',
    ]);
  });
});

it('measures on port 9090 unless another one, or none, is set', () => {
  const port = (METRICS_PORT?: string) => read(METRICS_PORT === undefined ? {} : { METRICS_PORT }).METRICS_PORT;
  expect([port(), port('9464')]).toEqual([9090, 9464]);
  expect([port('off'), port('0'), port('')]).toEqual([undefined, undefined, undefined]);
  expect(() => port('65536')).toThrow('METRICS_PORT');
  expect(() => port('on')).toThrow('METRICS_PORT');
});

it('writes an IPv6 address as a URL needs it', () => {
  expect([urlHost('::1'), urlHost('127.0.0.1')]).toEqual(['[::1]', '127.0.0.1']);
});
