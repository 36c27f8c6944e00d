import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openContextStore } from '@org/context-store';
import { runContextStore } from './context-store-command.js';

describe('context-store', () => {
  it('lists its commands and its environment', async () => {
    const { code, stdout, stderr } = await runContextStore(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/Usage: context-store [^]*Commands:\n {2}sessions [^]* {2}migrate [^]*DATABASE_URL/);
  });

  it.each([
    [[]],
    [['nope']],
    [['constructor']],
    [['migrate', 'surplus']],
    [['migrate', '--force']],
    [['delete']],
    [['delete', 'a', 'b']],
    [['delete', 'a', '--agent', 'b']],
    [['take-over', '--agent', 'a']],
    [['take-over', 'a']],
    [['take-over', 'a', '--agent']],
    [['take-over', 'a', '--agent=b', 'c']],
    [['take-over', 'a', '--agent', 'b', '--force']],
    [['--reason', 'none', 'migrate']],
  ])('refuses %j in one line', async (args) => {
    const { code, stdout, stderr } = await runContextStore(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^context-store: [^\n]+\. See context-store (?:[a-z-]+ )?--help\.\n$/);
  });

  it('reads the database from the file that DATABASE_URL_FILE names', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'context-store-'));
    const [path, DATABASE_URL_FILE] = [join(folder, 'context.db'), join(folder, 'secret')];
    await writeFile(DATABASE_URL_FILE, `sqlite:${path}\n`);
    const { stdout } = await runContextStore(['migrate'], { DATABASE_URL_FILE });
    expect(stdout).toContain(`context-store: ${path}: migrated`);
    expect((await readdir(folder)).toSorted()).toEqual(['context.db', 'secret']);
    await rm(folder, { recursive: true });
  });

  it('migrates a file, and says so in one line', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'context-store-'));
    const path = join(folder, 'context.db');
    const migrate = () => runContextStore(['migrate'], { DATABASE_URL: `sqlite:${path}` });
    const { code, stdout, stderr } = await migrate();
    const [line, version = ''] = /: migrated from schema 0 to (\d+)\n$/.exec(stdout) ?? [];
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `context-store: ${path}${line}`, stderr: '' });
    expect((await migrate()).stdout).toBe(`context-store: ${path}: already at schema ${version}\n`);
    const contextStore = await openContextStore({ database: `sqlite:${path}`, migrate: false });
    await contextStore.close();
    await rm(folder, { recursive: true });
  });

  it('deletes a session of the namespace, and says so in one line', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'context-store-'));
    const path = join(folder, 'context.db');
    const DATABASE_URL = `sqlite:${path}`;
    for (const namespace of ['team', 'other']) {
      const contextStore = await openContextStore({ database: DATABASE_URL, namespace, agent: 'planner' });
      await contextStore.registerSession({ sessionKey: 'work' });
      await contextStore.close();
    }
    const remove = (sessionKey: string) =>
      runContextStore(['delete', sessionKey, '--yes'], { DATABASE_URL, CONTEXT_NAMESPACE: 'team' });
    expect(await remove('work')).toEqual({
      code: 0,
      stdout: `context-store: ${path}: deleted session work of namespace team\n`,
      stderr: '',
    });
    expect(await remove('work')).toMatchObject({
      code: 3,
      stdout: '',
      stderr: expect.stringMatching(/^[^\n]*No session work[^\n]*\n$/) as string,
    });
    expect(await remove('not a key')).toMatchObject({ code: 2, stderr: expect.stringMatching(/sessionKey/) as string });
    const other = await openContextStore({ database: DATABASE_URL, namespace: 'other' });
    expect((await other.listSessions({})).sessions).toHaveLength(1);
    await other.close();
    await rm(folder, { recursive: true });
  });

  it('gives a session to an agent while a server has it open, and says so in one line', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'context-store-'));
    const path = join(folder, 'context.db');
    const DATABASE_URL = `sqlite:${path}`;
    const server = await openContextStore({ database: DATABASE_URL, namespace: 'team', agent: 'planner' });
    const note = { sessionKey: 'work', contextType: 'message', content: 'half done' } as const;
    await server.registerSession({ sessionKey: 'work' });
    await server.updateContext(note);
    const takeOver = (...args: string[]) => runContextStore(['take-over', 'work', ...args], { DATABASE_URL });
    const given = await takeOver('--agent', 'rescuer', '--namespace=team', '--reason', 'planner was retired');
    expect(given).toEqual({
      code: 0,
      stdout: `context-store: ${path}: rescuer owns session work of namespace team at epoch 2; planner owned it before. Entry 2 of its log says so\n`,
      stderr: '',
    });
    await expect(server.updateContext(note)).rejects.toMatchObject({ code: 'OWNERSHIP_LOST' });
    const { entries } = await server.getContext({ sessionKey: 'work' });
    expect(entries.at(-1)).toMatchObject({
      contextType: 'system',
      agent: 'rescuer',
      content: expect.stringMatching(
        /^An operator gave the session to rescuer[^]*Reason: planner was retired\n.*newest entry is 1\.$/,
      ) as string,
    });
    const refused = await takeOver('--agent', 'rescuer', '--namespace', 'team');
    expect(refused).toMatchObject({
      code: 4,
      stdout: '',
      stderr: expect.stringMatching(/^context-store: agent: rescuer owns session work already[^\n]*\n$/) as string,
    });
    // CONTEXT_NAMESPACE, which is not set, names another one.
    expect(await takeOver('--agent', 'rescuer')).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/No session work/) as string,
    });
    await server.close();
    await rm(folder, { recursive: true });
  });
});
