import { execFile } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readApiKeys } from './api-key-file.js';
import { checkApiKey } from './check-api-key.js';
import { createApiKey, type NewApiKey } from './create-api-key.js';
import { findKeyState } from './key-state.js';
import { revokeApiKey } from './revoke-api-key.js';
import { rotateApiKey } from './rotate-api-key.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'api-keys-'));
  path = join(folder, 'keys.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

const create = async (id: string, changes: Partial<NewApiKey> = {}): Promise<string> => {
  const { key } = await createApiKey(path, { id, namespace: 'acme', scopes: ['context:read'], ...changes });
  return key;
};
const check = (key: string) => checkApiKey(readApiKeys(path), key);
const change = (id: string, changes: object): void => {
  const entries = readFileSync(path, 'utf8').trimEnd().split('\n');
  const changed = entries.map((line) => ({ ...(JSON.parse(line) as { id: string }) }));
  const lines = changed.map((entry) => JSON.stringify(entry.id === id ? { ...entry, ...changes } : entry));
  writeFileSync(path, `${lines.join('\n')}\n`);
};

describe('a key', () => {
  it('is added with its rights, to a file for its user alone that holds no secret', async () => {
    const expiresAt = new Date(Date.now() + 60_000);
    const key = await create('first', { agent: 'planner', scopes: ['handoff', 'admin', 'handoff'], expiresAt });
    expect(key).toMatch(/^csk_first\.[\w-]{43}$/);
    expect(check(key)).toMatchObject({
      entry: { id: 'first', namespace: 'acme', agent: 'planner', scopes: ['handoff', 'admin'] },
      expiresAtMs: expiresAt.getTime(),
    });
    expect(readFileSync(path, 'utf8')).not.toContain(key.split('.')[1]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['keys.jsonl']);
  });

  it('is added after a last line without a line break, and leaves all other lines as they are', async () => {
    await create('first');
    const spaced = `\n${readFileSync(path, 'utf8').trimEnd().replace('{', '{ ')}\r\n\n`;
    writeFileSync(path, spaced.trimEnd());
    await create('second');
    await revokeApiKey(path, 'second');
    expect(readFileSync(path, 'utf8').startsWith(`${spaced.trimEnd()}\n`)).toBe(true);
    expect([...readApiKeys(path).keys()]).toEqual(['first', 'second']);
  });

  it.each([
    ['an id that is none', { id: 'a.b' }, 'id: 1 to 64'],
    ['an unknown scope', { scopes: ['read'] }, 'scopes.0: one of context:read'],
    ['no scope', { scopes: [] }, 'scopes: name one at least'],
    ['a namespace that is none', { namespace: 'a b' }, 'namespace: '],
    ['a time in the past', { expiresAt: new Date(0) }, 'expiresAt: 1970-01-01T00:00:00.000Z is past'],
  ])('is refused with %s, and no file is made', async (_case, changes, problem) => {
    await expect(create('new', changes)).rejects.toMatchObject({
      code: 'INVALID',
      message: expect.stringContaining(problem) as string,
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is not added under the id of another, or of a revoked one', async () => {
    await create('first');
    await expect(create('first')).rejects.toMatchObject({
      code: 'ID_TAKEN',
      message: expect.stringMatching(/is taken/) as string,
    });
    await revokeApiKey(path, 'first');
    await expect(create('first')).rejects.toMatchObject({
      code: 'ID_TAKEN',
      message: expect.stringMatching(/of a revoked key/) as string,
    });
  });

  it('is not accepted once it is revoked, and its line stays', async () => {
    const key = await create('first', { agent: 'planner' });
    await revokeApiKey(path, 'first');
    expect(() => check(key)).toThrow('the API key first was revoked');
    const entry = readApiKeys(path).get('first');
    expect(entry).toMatchObject({ agent: 'planner', revokedAt: expect.any(String) as string });
    await expect(revokeApiKey(path, 'first')).rejects.toMatchObject({ code: 'REVOKED' });
    await expect(rotateApiKey(path, 'first')).rejects.toMatchObject({ code: 'REVOKED' });
    await expect(revokeApiKey(path, 'none')).rejects.toMatchObject({ code: 'UNKNOWN_KEY' });
  });

  it('gets a new secret, and the old one is not accepted', async () => {
    const old = await create('first', { agent: 'planner' });
    const { key } = await rotateApiKey(path, 'first');
    expect(check(key).entry).toMatchObject({ namespace: 'acme', agent: 'planner', scopes: ['context:read'] });
    expect(() => check(old)).toThrow('not the API key first');
  });

  it('keeps its earlier secrets for their grace, also over a second rotation, and not over a revocation', async () => {
    const secrets = [await create('first')];
    for (const graceMs of [60_000, 120_000]) secrets.push((await rotateApiKey(path, 'first', { graceMs })).key);
    const ends = secrets.map((key) => check(key).expiresAtMs);
    expect(ends[2]).toBe(Infinity);
    expect(ends[0]).toBeLessThan(ends[1] ?? 0);
    const [previous] = readApiKeys(path).get('first')?.previous ?? [];
    change('first', { previous: [{ ...previous, expiresAt: '2026-01-01T00:00:00Z' }] });
    expect(() => check(secrets[0] ?? '')).toThrow('an earlier secret of the API key first has expired');
    await rotateApiKey(path, 'first');
    expect(readApiKeys(path).get('first')?.previous).toBeUndefined();
    await rotateApiKey(path, 'first', { graceMs: 60_000 });
    await revokeApiKey(path, 'first');
    expect(readApiKeys(path).get('first')?.previous).toBeUndefined();
  });

  it('is not rotated once it has expired', async () => {
    const key = await create('first');
    change('first', { expiresAt: '2026-01-01T00:00:00+02:00' });
    expect(() => check(key)).toThrow('the API key first has expired');
    await expect(rotateApiKey(path, 'first')).rejects.toMatchObject({ code: 'EXPIRED' });
  });

  it('has a state', async () => {
    await create('first');
    const [entry] = readApiKeys(path).values();
    const stateWith = (changes: object) => findKeyState({ ...entry, ...changes }, Date.parse('2026-06-01T00:00:00Z'));
    expect(stateWith({})).toBe('valid');
    expect(stateWith({ expiresAt: '2026-07-01T00:00:00Z' })).toBe('valid');
    expect(stateWith({ expiresAt: '2026-06-10T00:00:00Z' })).toBe('expires soon');
    expect(stateWith({ expiresAt: '2026-06-01T00:00:00Z' })).toBe('expired');
    expect(stateWith({ expiresAt: '2026-06-01T00:00:00Z', revokedAt: '2026-01-01T00:00:00Z' })).toBe('revoked');
  });
});

describe('a change of the file', () => {
  it.each([
    ['a comment', '# by hand\n'],
    ['a field of a later release', '{"id":"x","colour":"red"}\n'],
  ])('is refused if the file has %s, which it would lose', async (_case, text) => {
    writeFileSync(path, text);
    await expect(create('new')).rejects.toMatchObject({
      code: 'FILE_INVALID',
      message: expect.stringMatching(/^line 1: /) as string,
    });
    expect(readFileSync(path, 'utf8')).toBe(text);
    expect(readdirSync(folder)).toEqual(['keys.jsonl']);
  });

  it('takes the file from other users, and leaves it to its group if the group could read it', async () => {
    await create('first');
    for (const [before, after] of [
      [0o644, 0o640],
      [0o606, 0o600],
      [0o660, 0o640],
    ] as const) {
      chmodSync(path, before);
      await rotateApiKey(path, 'first');
      expect(statSync(path).mode & 0o777).toBe(after);
    }
  });

  it('replaces the file that a link names, and not the link', async () => {
    await create('first');
    const link = join(folder, 'link.jsonl');
    symlinkSync(path, link);
    await revokeApiKey(link, 'first');
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readApiKeys(path).get('first')?.revokedAt).toBeDefined();
  });

  it('names the folder that it cannot write to', async () => {
    await expect(
      createApiKey(join(folder, 'nowhere', 'keys.jsonl'), { id: 'a', namespace: 'acme', scopes: ['admin'] }),
    ).rejects.toMatchObject({
      code: 'FILE_UNUSABLE',
      message: expect.stringMatching(/nowhere.*\(ENOENT\)\. Its folder must be there/) as string,
    });
  });

  it('waits for another one, and is refused if that one left its lock behind', async () => {
    const lock = `${path}.lock`;
    writeFileSync(lock, '');
    const waiting = create('first');
    setTimeout(() => rmSync(lock), 100);
    expect(await waiting).toMatch(/^csk_first/);
    writeFileSync(lock, '');
    await expect(create('second')).rejects.toMatchObject({
      code: 'FILE_LOCKED',
      message: expect.stringMatching(/remove that file\.$/) as string,
    });
    expect([...readApiKeys(path).keys()]).toEqual(['first']);
    expect(readdirSync(folder)).toEqual(['keys.jsonl', 'keys.jsonl.lock']);
  });

  it('is not lost when several processes make changes at once', async () => {
    const script = `
      import { createApiKey } from ${JSON.stringify(join(import.meta.dirname, '..', 'dist', 'index.js'))};
      for (let n = 0; n < 10; n += 1)
        await createApiKey(process.argv[1], { id: process.argv[2] + n, namespace: 'acme', scopes: ['admin'] });`;
    const run = (name: string) =>
      promisify(execFile)(process.execPath, ['--input-type=module', '-e', script, path, name]);
    await Promise.all(['a', 'b', 'c'].map(run));
    expect(readApiKeys(path).size).toBe(30);
  });
});
