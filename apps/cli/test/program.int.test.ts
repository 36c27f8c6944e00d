import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openContextStore } from '@org/context-store';
import { endOf, runContextStore, startContextStore } from './context-store-command.js';
import { runInProcess } from './run-in-process.js';

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
    const { code, stdout, stderr } = await runInProcess(args, { env: {} });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^context-store: [^\n]+\. See context-store (?:[a-z-]+ )?--help\.\n$/);
  });

  it.each([
    [['sesions'], /Did you mean sessions\?/],
    [['show', 'a', '--jsn'], /Did you mean --json\?/],
    [['--json', 'sessions'], /Options come after the command/],
    [['sessions', '--status', 'done'], /Allowed choices are active/],
    [['sessions', '--limit', '0'], /whole number from 1/],
    [['handoffs', '--inbox', '--outbox'], /cannot be used with/],
    [['sessions', '--server', 'http://a', '--database', 'sqlite:b'], /cannot be used with/],
    [['sessions', '--agent', 'a b', '--database', 'sqlite:b'], /^context-store: --agent is not valid/],
  ])('says what is wrong with %j', async (args, message) => {
    const { code, stdout, stderr } = await runInProcess(args, { env: {} });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^[^\n]+\n$/);
  });

  it('gives each command a short help with an example', async () => {
    const { stdout } = await runInProcess(['--help'], { env: {} });
    const names = [...stdout.matchAll(/^ {2}([a-z-]+) .*(?:\n|$)/gm)].map(([, name = '']) => name);
    expect(names).toContain('take-over');
    for (const name of names.slice(0, names.indexOf('mcp'))) {
      const help = await runInProcess([name, '--help'], { env: {} });
      expect(help).toMatchObject({ code: 0, stderr: '' });
      expect(help.stdout).toMatch(/^Usage: context-store [^]+\nExample:\n {2}\$ /);
      expect(help.stdout.split('\n').length).toBeLessThan(50);
    }
  });

  it('says that a file is missing, and makes none', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'context-store-'));
    const env = { DATABASE_URL: `sqlite:${join(folder, 'context.db')}` };
    expect(await runInProcess(['append', 'a', 'b', '--agent', 'c'], { env })).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/There is no database at .*context-store migrate\.\n$/) as string,
    });
    expect(await readdir(folder)).toEqual([]);
    await rm(folder, { recursive: true });
  });

  it('ends with 5 if the database is out of reach', async () => {
    const env = { DATABASE_URL: 'postgres://127.0.0.1:9/none' };
    expect(await runInProcess(['sessions'], { env })).toMatchObject({ code: 5, stdout: '' });
  });

  it('ends quietly when its reader closes the pipe, and with 128 and the number of a signal', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'context-store-'));
    const DATABASE_URL = `sqlite:${join(folder, 'context.db')}`;
    const store = await openContextStore({ database: DATABASE_URL, agent: 'planner' });
    await store.registerSession({ sessionKey: 'work' });
    for (let entry = 0; entry < 20; entry += 1)
      await store.updateContext({ sessionKey: 'work', contextType: 'message', content: 'long '.repeat(20_000) });
    await store.close();
    const piped = startContextStore(['tail', 'work', '-n', '20', '-f'], { DATABASE_URL });
    piped.stdout.once('data', () => piped.stdout.destroy());
    expect(await endOf(piped)).toEqual({ code: 0, stderr: '' });
    const followed = startContextStore(['tail', 'work', '-n', '1', '-f'], { DATABASE_URL });
    followed.stdout.once('data', () => followed.kill('SIGTERM')).resume();
    expect(await endOf(followed)).toEqual({ code: 143, stderr: '' });
    await rm(folder, { recursive: true });
  });

  it('asks before it deletes, and deletes nothing without a yes', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'context-store-'));
    const env = { DATABASE_URL: `sqlite:${join(folder, 'context.db')}` };
    const store = await openContextStore({ database: env.DATABASE_URL, agent: 'planner' });
    await store.registerSession({ sessionKey: 'work' });
    expect(await runInProcess(['delete', 'work'], { env })).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/no terminal to ask on\. Pass --yes/) as string,
    });
    const refused = await runInProcess(['delete', 'work'], { env, columns: 80, input: 'n\n' });
    expect(refused).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/Delete session work of [^]*Nothing was/) as string,
    });
    expect((await store.listSessions()).sessions).toHaveLength(1);
    expect(await runInProcess(['delete', 'work'], { env, columns: 80, input: 'yes\n' })).toMatchObject({ code: 0 });
    expect((await store.listSessions()).sessions).toHaveLength(0);
    await store.close();
    await rm(folder, { recursive: true });
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
