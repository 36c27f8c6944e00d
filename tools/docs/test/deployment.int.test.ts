import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { httpEnvironmentTable } from '@org/mcp-http/environment';
import { expect, it, onTestFinished } from 'vitest';
import { readSettings } from './read-settings.js';
import { Scene } from './scene.js';

const text = await readFile(new URL('../../../deploy/production.env', import.meta.url), 'utf8');
const settings = readSettings(text);

it('the example of settings for production names variables that exist', () => {
  const named = [...text.matchAll(/^(?:# )?([A-Z_]+)=/gm)].map(([, name = '']) => name);
  expect(named).toContain('AUTH_ISSUER');
  expect(named.filter((name) => !(name in httpEnvironmentTable))).toEqual([]);
});

it('a server starts with it, and asks for credentials', { timeout: 60_000 }, async () => {
  const scene = await Scene.open();
  onTestFinished(scene.close);
  const places = {
    DATABASE_URL: `sqlite:${join(scene.folder, 'context.db')}`,
    API_KEYS_FILE: join(scene.folder, 'keys.jsonl'),
  };
  expect(settings).toMatchObject({ DATABASE_MIGRATE: 'false' });
  // Keys do not travel in the clear from host to host.
  expect(settings).not.toHaveProperty('HOST');
  expect(settings).toHaveProperty('API_KEYS_FILE');
  await once(scene.launch('context-store', places, ['keys', 'create', 'client', '--scopes', 'admin']), 'close');
  await once(scene.launch('context-store', places, ['migrate']), 'close');
  const { call } = await scene.serve({ ...settings, ...places });
  expect(await call('listSessions', {})).toContain('HTTP 401');
  // By the name of another host, with no key: the name is looked at first.
  expect(await call('listSessions', {}, { host: 'other.example.com' })).toContain('HTTP 403');
  expect(await call('listSessions', {}, { host: settings['ALLOWED_HOSTS'] ?? '' })).toContain('HTTP 401');
});
