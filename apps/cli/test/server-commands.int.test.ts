import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApiKey } from '@org/api-keys';
import { openContextStore } from '@org/context-store';
import { HttpServerProcess } from '@org/mcp-http/testing';
import { unusedPort } from '@org/store-kysely/testing';
import { expect, it } from 'vitest';
import { describeCommands } from './describe-commands.js';
import { runInProcess } from './run-in-process.js';

let env: Readonly<Record<string, string>>;

describeCommands(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'context-store-'));
  const database = `sqlite:${join(folder, 'context.db')}`;
  const serverEnv = { DATABASE_URL: database, API_KEYS_FILE: join(folder, 'keys.jsonl') };
  const scopes = ['context:read', 'context:write', 'handoff'];
  const { key } = await createApiKey(serverEnv.API_KEYS_FILE, { id: 'cli', namespace: 'default', scopes });
  await writeFile(join(folder, 'key'), key);
  const server = await HttpServerProcess.start(serverEnv);
  env = { CONTEXT_SERVER: server.url, CONTEXT_API_KEY_FILE: join(folder, 'key') };
  const close = async (): Promise<void> => {
    await server.stop();
    await rm(folder, { recursive: true });
  };
  return { env, database, close };
});

it.each([['delete work --yes'], ['take-over work --agent a'], ['migrate']])(
  'a server does not offer %s, and the message names what does',
  async (args) => {
    const ran = await runInProcess(args.split(' '), { env });
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toMatch(
      /^context-store: No server offers [a-z-]+\. Run it on the database: set DATABASE_URL[^\n]+\n$/,
    );
  },
);

it.each<[string, Record<string, string>, number, RegExp]>([
  ['a wrong key', { CONTEXT_API_KEY: 'wrong' }, 4, /refuses the key.*CONTEXT_API_KEY/],
  ['no server at the address', { CONTEXT_SERVER: 'http://127.0.0.1:9' }, 5, /cannot be reached/],
  ['no server at the path', { CONTEXT_SERVER: '/other' }, 5, /No MCP server answers at/],
  ['an address that is no URL', { CONTEXT_SERVER: 'example.org' }, 2, /CONTEXT_SERVER is not valid: not a URL/],
])('says what to do about %s', async (_, wrong, code, message) => {
  const { CONTEXT_SERVER = '', ...credentials } = env;
  const { CONTEXT_SERVER: other = '', ...given } = wrong;
  const address = other.startsWith('/') ? `${CONTEXT_SERVER}${other}` : other === '' ? CONTEXT_SERVER : other;
  const all = { ...(given['CONTEXT_API_KEY'] === undefined ? credentials : given), CONTEXT_SERVER: address };
  const ran = await runInProcess(['sessions'], { env: all });
  expect(ran).toMatchObject({ code, stdout: '' });
  expect(ran.stderr).toMatch(message);
  expect(ran.stderr).toMatch(/^context-store: [^\n]+\n$/);
});

it('follows a log on while its server restarts', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'context-store-'));
  const database = `sqlite:${join(folder, 'context.db')}`;
  const serverEnv = { DATABASE_URL: database, PORT: String(await unusedPort()) };
  const store = await openContextStore({ database, agent: 'planner' });
  await store.registerSession({ sessionKey: 'work' });
  const append = (content: string): Promise<unknown> =>
    store.updateContext({ sessionKey: 'work', contextType: 'message', content });
  await append('before');
  const server = await HttpServerProcess.start(serverEnv);
  let printed = '';
  const { promise: stopped, resolve: stop } = Promise.withResolvers<NodeJS.Signals>();
  const following = runInProcess(['tail', 'work', '-f'], {
    env: { CONTEXT_SERVER: server.url },
    onPrint: (text) => (printed += text),
    stopped,
  });
  await expect.poll(() => printed).toContain('before');
  await server.stop();
  await append('meanwhile');
  const next = await HttpServerProcess.start(serverEnv);
  await expect.poll(() => printed).toContain('meanwhile');
  stop('SIGTERM');
  expect(await following).toMatchObject({ code: 143, stderr: '' });
  await next.stop();
  await store.close();
  await rm(folder, { recursive: true });
});

it('refuses a namespace, which the key decides', async () => {
  expect(await runInProcess(['sessions', '--namespace', 'other'], { env })).toMatchObject({ code: 2 });
});
