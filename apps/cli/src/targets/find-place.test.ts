import { describe, expect, it } from 'vitest';
import { findDatabase, findPlace } from './find-place.js';

const server = 'https://context.example.com';

describe('the place that a command works on', () => {
  it('is the database of the environment, or of the option', () => {
    const env = { DATABASE_URL: 'sqlite:/a.db', CONTEXT_AGENT: 'planner' };
    expect(findPlace(env, {})).toMatchObject({
      location: { path: '/a.db' },
      environment: { CONTEXT_NAMESPACE: 'default', CONTEXT_AGENT: 'planner' },
    });
    const options = { database: 'sqlite:/b.db', namespace: 'team', agent: 'coder' };
    expect(findPlace({ ...env, DATABASE_URL: undefined, DATABASE_URL_FILE: '/none' }, options)).toMatchObject({
      location: { path: '/b.db' },
      environment: { CONTEXT_NAMESPACE: 'team', CONTEXT_AGENT: 'coder' },
    });
  });

  it('is the server if one is named, unless an option names a database', () => {
    const env = { DATABASE_URL: 'sqlite:/a.db', CONTEXT_SERVER: server, CONTEXT_API_KEY: 'key' };
    expect(findPlace(env, {})).toEqual({ kind: 'server', url: new URL(`${server}/mcp`), apiKey: 'key' });
    expect(findPlace(env, { server: `${server}/other` })).toMatchObject({ url: new URL(`${server}/other`) });
    expect(findPlace(env, { database: 'sqlite:/b.db' })).toMatchObject({ location: { path: '/b.db' } });
  });

  it('must be a database where no server offers the command', () => {
    expect(() => findDatabase({ CONTEXT_SERVER: server }, {}, 'delete')).toThrow(
      /No server offers delete.*DATABASE_URL/,
    );
    expect(findDatabase({ DATABASE_URL: 'sqlite:/a.db' }, {}, 'delete')).toMatchObject({ kind: 'database' });
  });

  it.each([
    [{ agent: 'a b' }, /^--agent is not valid: [^\n]+$/],
    [{ database: 'mysql://x' }, /^--database is not valid: /],
    [{ server: 'x' }, /^--server is not valid: not a URL/],
    [{ server, namespace: 'team' }, /leave out --namespace/],
  ])('names the option that is wrong: %j', (options, message) => {
    expect(() => findPlace({}, options)).toThrow(message);
  });
});
