import { stripVTControlCharacters } from 'node:util';
import { openContextStore } from '@org/context-store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runInProcess, type Ran, type RunInProcess } from './run-in-process.js';

/** What the commands are tried on. */
export interface TriedTarget {
  /** The environment of the commands. */
  readonly env: Readonly<Record<string, string>>;
  /** The database behind it. */
  readonly database: string;
  readonly close: () => Promise<void>;
}

/** Terminal escapes, text that is written from right to left, and a line that looks like one of the program. */
export const hostile = 'a\u001b[2J\u001b]0;x\u0007\u009b1A\u202eb\r\n2 · system · root\u2028c';

/** Tries every command that works on any target, for people and as JSON. */
export function describeCommands(open: () => Promise<TriedTarget>): void {
  let target: TriedTarget;
  const run = (args: string, more: Partial<RunInProcess> & { readonly last?: string } = {}): Promise<Ran> =>
    runInProcess([...args.split(' '), ...(more.last === undefined ? [] : [more.last])], { env: target.env, ...more });
  const done = async (...given: Parameters<typeof run>): Promise<string> => {
    const { code, stdout, stderr } = await run(...given);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return stripVTControlCharacters(stdout);
  };
  const json = async <Answer>(args: string): Promise<Answer> => JSON.parse(await done(`${args} --json`)) as Answer;
  const register = async (sessionKey: string, title?: string): Promise<void> => {
    const store = await openContextStore({ database: target.database, agent: 'planner' });
    await store.registerSession({ sessionKey, title });
    await store.close();
  };

  beforeAll(async () => {
    target = await open();
  });
  afterAll(() => target.close());

  describe('commands', () => {
    it('append texts and the standard input as it is, once for each idempotency key', async () => {
      await register('log');
      const appended = await done('append log --agent planner --pinned', { last: 'The goal' });
      expect(appended).toMatch(/^context-store: .+: appended entry 1 to session log\n$/);
      const again = 'append log - --agent planner --type file --idempotency-key k';
      await done(again, { input: 'two\nlines\n' });
      await done(again, { input: 'two\nlines\n' });
      const { entries, lastSequence } = await json<{ entries: object[]; lastSequence: number }>('tail log');
      expect(lastSequence).toBe(2);
      expect(entries).toMatchObject([
        { sequence: 1, content: 'The goal', pinned: true, agent: 'planner' },
        { sequence: 2, content: 'two\nlines\n', contextType: 'file' },
      ]);
      expect(await done('tail log -n 1')).toMatch(/^2 · file · planner · \S+Z\n {2}two\n {2}lines\n\n$/);
    });

    it('refuse an entry that is not UTF-8', async () => {
      await register('bytes');
      expect(await run('append bytes --agent planner', { input: Buffer.from([0xff, 0xfe]) })).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/^context-store: The standard input is not UTF-8/) as string,
      });
    });

    it('list sessions by pages, filtered', async () => {
      for (const key of ['list-1', 'list-2', 'list-3']) await register(key, `Title of ${key}`);
      const page = await json<{ sessions: { sessionKey: string }[]; nextCursor: string }>(
        'sessions --owner planner --limit 2',
      );
      expect(page.sessions.map(({ sessionKey }) => sessionKey)).toEqual(['list-3', 'list-2']);
      const next = await done(`sessions --owner planner --limit 1 --cursor ${page.nextCursor}`);
      expect(next).toMatch(/^SESSION +STATUS +OWNER +ENTRIES +LAST ACTIVITY +TITLE\nlist-1 +active +planner +0 /);
      expect(next).toMatch(/\n\nMore follow\. Read on with --cursor \S+\n$/);
      expect(await done('sessions --status archived')).toBe('No sessions.\n');
    });

    it('hand a session over, and show its owners', async () => {
      await register('moved');
      await done('append moved --agent planner', { last: 'before' });
      const requested = await done(
        'request moved --type full_handoff --to role:reviewer --agent planner --summary Ready',
      );
      const id = /full_handoff (\S+) of session moved, for role:reviewer/.exec(requested)?.[1] ?? '';
      expect(await done('handoffs --outbox --agent planner')).toMatch(
        new RegExp(`^${id} {2}pending {2}full_handoff\n {2}session {4}moved\n[^]*summary {4}Ready\n`),
      );
      expect(await done('handoffs --inbox --agent coder')).toBe('No handoffs.\n');
      expect(await json('handoffs --agent coder --role reviewer')).toMatchObject({ handoffs: [{ handoffId: id }] });
      const accepted = await done(`accept ${id} --agent coder`);
      expect(accepted).toMatch(/: coder accepted handoff \S+; coder owns session moved at epoch 2\n\n[^]*> Ready\n/);
      expect(await run('append moved late --agent planner')).toMatchObject({
        code: 4,
        stdout: '',
        stderr: expect.stringMatching(/^context-store: Ownership of session moved moved[^\n]+\n$/) as string,
      });
      expect(await done(`resolve ${id} --outcome returned --reason no --agent coder`)).toMatch(/ is returned\n$/);
      const shown = await json<{ custody: object[] }>('show moved --agent planner');
      expect(shown).toMatchObject({
        session: { sessionKey: 'moved', owner: 'planner', epoch: 3 },
        unknownMoves: 0,
        entries: [{ content: 'before' }],
      });
      expect(shown.custody).toMatchObject([
        { owner: 'planner', by: 'registration' },
        { owner: 'coder', by: 'full_handoff', handoffId: id, isAfter: true },
        { owner: 'planner', by: 'return', handoffId: id },
      ]);
      expect(await done('show moved')).toMatch(/^moved {2}active\n[^]*\n\nOwners\n[^]*\n\nNewest entries\n/);
      expect(await json('briefing moved --max-tokens 1000')).toMatchObject({
        briefing: { entries: [{ content: 'before' }] },
      });
      expect(await done('briefing moved')).toMatch(/\n1 · message · planner · \S+\n {2}before\n$/);
    });

    it('follow a log until a signal stops them', async () => {
      await register('followed');
      await done('append followed one --agent planner');
      let printed = '';
      const { promise: stopped, resolve: stop } = Promise.withResolvers<NodeJS.Signals>();
      const following = run('tail followed -f --json', { onPrint: (text) => (printed += text), stopped });
      await expect.poll(() => printed).toContain('"one"');
      await done('append followed --agent planner', { last: 'x'.repeat(900_000) });
      await expect.poll(() => printed.split('\n')).toHaveLength(3);
      stop('SIGINT');
      expect(await following).toMatchObject({ code: 130, stderr: '' });
      const contents = printed
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { content: string }).content.length);
      expect(contents).toEqual([3, 900_000]);
    });

    it('show hostile text, and never let it move the cursor', async () => {
      await register('hostile', 'T\u001b[1m');
      await done('append hostile --agent planner --pinned', { input: hostile });
      await done('request hostile --type collaboration --agent planner', { last: `--summary=${hostile}` });
      for (const command of [
        'sessions',
        'show hostile',
        'tail hostile',
        'briefing hostile',
        'handoffs --agent other',
      ]) {
        const { code, stdout } = await run(command, { columns: 60 });
        expect(code).toBe(0);
        expectHarmless(stripVTControlCharacters(stdout.replaceAll(ownStyles, '')));
        const machine = await run(`${command} --json`);
        expectHarmless(machine.stdout);
        expect(() => JSON.parse(machine.stdout) as unknown).not.toThrow();
      }
      expect(await done('tail hostile')).toMatch(
        /<U\+001B>\[2J<U\+001B>\]0;x<U\+0007><U\+009B>1A<U\+202E>b\n {2}2 · system/,
      );
    });

    it.each([
      ['show none', 3, /No session none/],
      ['tail none -f', 3, /No session none/],
      ['append none text --agent planner', 3, /No session none/],
      ['accept none --agent planner', 3, /handoff/i],
      ['show a/b', 2, /sessionKey/],
    ])('answer %s with %i', async (args, code, message) => {
      const ran = await run(args);
      expect(ran).toMatchObject({ code, stdout: '' });
      expect(ran.stderr).toMatch(/^context-store: [^\n]+\n$/);
      expect(ran.stderr).toMatch(message);
    });
  });
}

// oxlint-disable-next-line no-control-regex
const ownStyles = /\u001b\[\d+m/g;

/** Nothing but line breaks moves the cursor or hides text. */
export const expectHarmless = (text: string): void =>
  // oxlint-disable-next-line no-control-regex
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/);
