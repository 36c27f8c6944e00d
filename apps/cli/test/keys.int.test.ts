import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runContextStore } from './context-store-command.js';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'context-store-'));
  file = join(folder, 'keys.jsonl');
});
afterEach(() => rm(folder, { recursive: true }));

const keys = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  runContextStore(['keys', ...args], { API_KEYS_FILE: file, ...env });
const create = (...args: readonly string[]) => keys(['create', ...args]);
const scoped = ['--scopes', 'context:read,context:write,handoff'];
const lines = async (): Promise<Record<string, unknown>[]> =>
  (await readFile(file, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('context-store keys', () => {
  it('prints a new key alone, and says on stderr what it opens, and where it is kept', async () => {
    const made = await create('ci-planner', '--namespace', 'acme', '--agent', 'planner', ...scoped);
    expect(made.stdout).toMatch(/^csk_ci-planner\.[\w-]{43}\n$/);
    expect(made).toMatchObject({
      code: 0,
      stderr: `context-store: ${file}: created key ci-planner for agent planner of namespace acme (context:read, context:write, handoff); it does not expire\n`,
    });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, 'utf8')).not.toContain(made.stdout.trim().split('.')[1]);
  });

  it('takes namespace and agent from the environment, and the file from --file', async () => {
    const other = join(folder, 'other.jsonl');
    const env = { CONTEXT_NAMESPACE: 'beta', CONTEXT_AGENT: 'reviewer' };
    const made = await keys(['create', 'one', '--scopes', 'admin', '--file', other], env);
    expect(made.stderr).toContain(`${other}: created key one for agent reviewer of namespace beta (admin)`);
  });

  it('sets a time of expiry by a period or a date', async () => {
    const day = 86_400_000;
    await create('period', '--scopes', 'admin', '--expires', '90d');
    await create('date', '--scopes', 'admin', '--expires', '2099-01-31');
    const [period, date] = await lines();
    const periodMs = Date.parse(String(period?.['expiresAt'])) - Date.parse(String(period?.['createdAt']));
    expect(Math.abs(periodMs - 90 * day)).toBeLessThan(day);
    expect(date).toMatchObject({ expiresAt: '2099-01-31T00:00:00.000Z' });
  });

  it('lists every key with its state, as a table and as JSON without hashes', async () => {
    await create('lasting', '--scopes', 'admin');
    await create('brief', '--scopes', 'context:read', '--agent', 'planner', '--expires', '2d');
    await create('gone', '--scopes', 'admin');
    await create('old', '--scopes', 'admin');
    await keys(['revoke', 'gone']);
    await keys(['rotate', 'lasting', '--grace', '24h']);
    const written = (await lines()).map((line) =>
      JSON.stringify(line['id'] === 'old' ? { ...line, expiresAt: '2026-01-01T00:00:00Z' } : line),
    );
    await writeFile(file, `${written.join('\n')}\n`);
    const { stdout } = await keys(['list']);
    expect(stdout).toMatch(/^ID +NAMESPACE +AGENT +SCOPES +CREATED +EXPIRES +STATE +OLD SECRET UNTIL\n/);
    expect(stdout).toMatch(/\nlasting +default +any +admin +\d{4}-\S+ +never +valid +\d{4}-/);
    expect(stdout).toMatch(/\nbrief +default +planner +context:read .* expires soon\n/);
    expect(stdout).toMatch(/\ngone .* revoked\n/);
    expect(stdout).toMatch(/\nold .* expired\n/);
    expect(stdout).toMatch(new RegExp(`\n\n${file}\n$`));
    const json = await keys(['list', '--json']);
    expect(json.stdout).not.toMatch(/sha256|previous/);
    expect(JSON.parse(json.stdout)).toMatchObject({
      file,
      keys: [
        { id: 'lasting', state: 'valid', graceUntil: expect.any(String) as string },
        { id: 'brief', state: 'expires soon' },
        { id: 'gone', state: 'revoked', revokedAt: expect.any(String) as string },
        { id: 'old', state: 'expired' },
      ],
    });
  });

  it('gives a key a new secret, and says how long the old one is valid', async () => {
    const { stdout: first } = await create('one', '--namespace', 'acme', '--scopes', 'admin');
    const rotated = await keys(['rotate', 'one', '--grace', '24h']);
    expect(rotated.stdout).toMatch(/^csk_one\.[\w-]{43}\n$/);
    expect(rotated.stdout).not.toBe(first);
    expect(rotated.stderr).toMatch(
      /: new secret for key one of namespace acme; the old one is valid until \d{4}-\S+Z\n$/,
    );
    expect((await keys(['rotate', 'one'])).stderr).toMatch(/; the old one is refused\n$/);
  });

  it('revokes a key for good', async () => {
    await create('one', '--namespace', 'acme', '--scopes', 'admin');
    expect(await keys(['revoke', 'one'])).toEqual({
      code: 0,
      stdout: '',
      stderr: `context-store: ${file}: revoked key one of namespace acme\n`,
    });
    expect(await create('one', '--scopes', 'admin')).toMatchObject({ code: 4, stdout: '' });
    expect(await keys(['rotate', 'one'])).toMatchObject({ code: 4, stdout: '' });
  });

  it.each([
    [[], 2, /Name a command\. See context-store keys --help\.$/],
    [['create', 'a'], 2, /--scopes <list>' not specified\. See context-store keys create --help\.$/],
    [['create', 'a', '--scopes', 'all'], 2, /scopes\.0: one of context:read, /],
    [['create', 'a.b', '--scopes', 'admin'], 2, /id: 1 to 64 letters/],
    [['create', 'a', '--scopes', 'admin', '--expires', '2020-01-01'], 2, /is past$/],
    [['create', 'a', '--scopes', 'admin', '--expires', 'soon'], 2, /It must be a period such as 90d/],
    [['create', 'a', '--scopes', 'admin', '--expires', '2026-02-31x'], 2, /It must be a period/],
    [['rotate', 'a', '--grace', '1y'], 2, /It must be a whole number with s, m, h, d or w/],
    [['revoke', 'none'], 3, /The file has no key none\.$/],
    [['list', '--file', '/nowhere/keys'], 1, /ENOENT/],
  ])('refuses %j in one line, and makes no file', async (args, code, problem) => {
    const { stderr, ...ran } = await keys(args);
    expect(ran).toEqual({ code, stdout: '' });
    expect(stderr).toMatch(/^context-store: [^\n]+\n$/);
    expect(stderr.trimEnd()).toMatch(problem);
    await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('names the line of a file that it cannot change, and leaves the file alone', async () => {
    await writeFile(file, '# by hand\n');
    const { code, stdout, stderr } = await create('a', '--scopes', 'admin');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe(
      `context-store: ${file} is not valid: line 1: not a JSON object; comments cannot be kept in this file\n`,
    );
    expect(await readFile(file, 'utf8')).toBe('# by hand\n');
  });

  it('asks for the name of the file', async () => {
    const { code, stderr } = await runContextStore(['keys', 'list']);
    expect([code, stderr]).toEqual([
      2,
      'context-store: The file of keys is not named. Set API_KEYS_FILE, or pass --file PATH.\n',
    ]);
  });
});
