import { createContextStore, type Caller, type ContextStore, type ContextStoreOptions } from '@org/domain';
import { describe, expect, it, vi } from 'vitest';
import { createMemoryStore } from '../../src/memory-store/memory-store.js';

const mine: Caller = { project: 'github.com/me/mine' };
const theirs: Caller = { project: 'github.com/them/theirs' };
const nowhere: Caller = { project: 'none' };

const open = (options: ContextStoreOptions = {}): ContextStore =>
  createContextStore({ store: createMemoryStore() }, { agent: 'planner', ...options });

/** A store with a session and an offer to anyone in each of two projects, and one of each without a project. */
async function openFilled(): Promise<ContextStore> {
  const store = open();
  for (const [sessionKey, caller] of Object.entries({ mine, theirs, nowhere })) {
    await store.registerSession({ sessionKey }, caller);
    await store.requestHandoff({ sessionKey, requestType: 'full_handoff' }, caller);
  }
  return store;
}

const inbox = { agent: 'implementer' } as const;

async function offersOf(store: ContextStore, caller?: Caller, project?: string): Promise<string[]> {
  const { handoffs } = await store.listHandoffs({ ...inbox, project }, caller);
  return handoffs.map(({ sessionKey }) => sessionKey);
}

async function sessionsOf(store: ContextStore, caller?: Caller, project?: string): Promise<string[]> {
  const { sessions } = await store.listSessions({ project }, caller);
  return sessions.map(({ sessionKey }) => sessionKey).toReversed();
}

describe('a new session', () => {
  it("belongs to the caller's project, unless the call names one or none", async () => {
    const store = open();
    const projectOf = async (project?: string, caller: Caller = mine): Promise<string | undefined> =>
      (await store.registerSession({ project }, caller)).session.project;
    expect(await projectOf()).toBe(mine.project);
    expect(await projectOf('another')).toBe('another');
    expect(await projectOf('none')).toBeUndefined();
    expect(await projectOf(undefined, {})).toBeUndefined();
    expect(await projectOf(undefined, nowhere)).toBeUndefined();
    expect(await projectOf('', mine)).toBe(mine.project);
  });

  it('belongs to the project of the options if its caller has none of its own', async () => {
    const store = open({ project: 'configured' });
    const projectOf = async (caller: Caller): Promise<string | undefined> =>
      (await store.registerSession({}, caller)).session.project;
    expect(await projectOf({})).toBe('configured');
    expect(await projectOf(mine)).toBe(mine.project);
    expect(await projectOf(nowhere)).toBeUndefined();
    expect(await projectOf({ project: () => undefined })).toBe('configured');
    expect(await projectOf({ project: async () => 'found' })).toBe('found');
  });

  it('is not moved by a resume, nor by the replay of its creation', async () => {
    const store = open();
    await store.registerSession({ sessionKey: 'work', idempotencyKey: 'k' }, mine);
    const replayed = await store.registerSession({ sessionKey: 'work', idempotencyKey: 'k' }, theirs);
    expect(replayed).toMatchObject({ replayed: true, session: { project: mine.project } });
    const resumed = await store.registerSession({ sessionKey: 'work', ifExists: 'resume', project: 'another' }, theirs);
    expect(resumed.session.project).toBe(mine.project);
    await store.registerSession({ sessionKey: 'free' });
    expect((await store.registerSession({ sessionKey: 'free', ifExists: 'resume' }, mine)).session.project).toBe(
      undefined,
    );
  });
});

describe('lists', () => {
  it("show the caller's project and what has none", async () => {
    const store = await openFilled();
    for (const list of [offersOf, sessionsOf]) {
      expect(await list(store, mine)).toEqual(['mine', 'nowhere']);
      expect(await list(store, theirs)).toEqual(['theirs', 'nowhere']);
      expect(await list(store, { project: 'github.com/new/one' })).toEqual(['nowhere']);
    }
  });

  it('show everything to a caller without a project', async () => {
    const store = await openFilled();
    for (const caller of [undefined, {}, nowhere]) {
      expect(await offersOf(store, caller)).toEqual(['mine', 'theirs', 'nowhere']);
      expect(await sessionsOf(store, caller)).toEqual(['mine', 'theirs', 'nowhere']);
    }
  });

  it('show the project that the call names, everything, or what has none', async () => {
    const store = await openFilled();
    for (const list of [offersOf, sessionsOf]) {
      expect(await list(store, mine, '*')).toEqual(['mine', 'theirs', 'nowhere']);
      expect(await list(store, mine, 'github.com/them/theirs')).toEqual(['theirs', 'nowhere']);
      expect(await list(store, {}, 'github.com/them/theirs')).toEqual(['theirs', 'nowhere']);
      expect(await list(store, mine, 'none')).toEqual(['nowhere']);
    }
  });

  it('show what is named by its id or key, whatever its project, and any agent may accept it', async () => {
    const store = await openFilled();
    const [offer] = (await store.listHandoffs({ ...inbox, project: theirs.project as string })).handoffs;
    const handoffId = offer?.handoffId ?? '';
    expect((await store.listHandoffs({ ...inbox, handoffId }, mine)).handoffs).toMatchObject([
      { sessionKey: 'theirs', project: theirs.project },
    ]);
    expect((await store.listSessions({ sessionKey: 'theirs' }, mine)).sessions).toMatchObject([
      { project: theirs.project },
    ]);
    expect(await store.acceptHandoff({ ...inbox, handoffId }, mine)).toMatchObject({
      handoff: { status: 'accepted', project: theirs.project },
      session: { owner: 'implementer', project: theirs.project },
    });
    const contradiction = { code: 'VALIDATION_ERROR', message: expect.stringContaining('leave out') as string };
    await expect(store.listHandoffs({ ...inbox, handoffId, project: '*' })).rejects.toMatchObject(contradiction);
    await expect(store.listSessions({ sessionKey: 'mine', project: '*' })).rejects.toMatchObject(contradiction);
  });

  it('refuse a cursor that was made for other projects', async () => {
    const store = await openFilled();
    await store.registerSession({ sessionKey: 'second' }, mine);
    const handoffCursor = async (caller: Caller, project?: string): Promise<string | undefined> =>
      (await store.listHandoffs({ ...inbox, project, limit: 1 }, caller)).cursor;
    const sessionCursor = async (caller: Caller, project?: string): Promise<string | undefined> =>
      (await store.listSessions({ project, limit: 1 }, caller)).nextCursor;
    const foreign = { code: 'VALIDATION_ERROR', message: expect.stringContaining('not a cursor') as string };
    for (const [cursorOf, list] of [
      [handoffCursor, (cursor?: string, project?: string) => store.listHandoffs({ ...inbox, cursor, project }, mine)],
      [sessionCursor, (cursor?: string, project?: string) => store.listSessions({ cursor, project }, mine)],
    ] as const) {
      const own = await cursorOf(mine);
      await list(own);
      await list(own, mine.project as string);
      await list(await cursorOf(nowhere), '*');
      for (const other of [await cursorOf(theirs), await cursorOf(mine, '*'), await cursorOf(nowhere)]) {
        await expect(list(other)).rejects.toMatchObject(foreign);
      }
      await expect(list(own, '*')).rejects.toMatchObject(foreign);
      await expect(list(own, 'none')).rejects.toMatchObject(foreign);
    }
  });

  it.each(['a b', 'https://user:password@host/owner/repo', 'x'.repeat(129), '**', '-a'])(
    'refuse the malformed project %j, without repeating it',
    async (project) => {
      const store = open();
      const refused = { code: 'VALIDATION_ERROR', message: expect.stringMatching(/^project: .*owner\/repo/) as string };
      const calls = [
        () => store.listHandoffs({ ...inbox, project }),
        () => store.listSessions({ project }),
        () => store.registerSession({ sessionKey: 'a', project }),
        () => store.updateSession({ sessionKey: 'a', project }),
        // The caller's own is checked by every call.
        () => store.listSessions({}, { project }),
        () => store.getContext({ sessionKey: 'a' }, { project }),
        () => store.registerSession({}, { project: () => project }),
      ];
      for (const call of calls) {
        const error: unknown = await call().catch((reason: unknown) => reason);
        expect(error).toMatchObject(refused);
        expect(JSON.stringify(error)).not.toContain('password');
      }
      expect((await store.listSessions({})).sessions).toEqual([]);
      expect(() => open({ project })).toThrow(/project/);
    },
  );
});

describe('the project of a caller', () => {
  it('is found only by calls that depend on it, and only once by each', async () => {
    const store = await openFilled();
    const project = vi.fn<() => Promise<string>>(async () => 'github.com/me/mine');
    const caller = { project };
    await store.updateContext({ sessionKey: 'mine', contextType: 'message', content: 'x' }, caller);
    await store.getContext({ sessionKey: 'mine' }, caller);
    await store.getBriefing({ sessionKey: 'mine' }, caller);
    await store.listHandoffs({ ...inbox, project: '*' }, caller);
    await store.listSessions({ sessionKey: 'mine' }, caller);
    await store.registerSession({ project: 'none' }, caller);
    expect(project).not.toHaveBeenCalled();
    await store.listHandoffs(inbox, caller);
    expect(project).toHaveBeenCalledOnce();
    await store.registerSession({}, caller);
    await store.listSessions({}, caller);
    expect(project).toHaveBeenCalledTimes(3);
    expect(await store.projectOf(caller)).toBe('github.com/me/mine');
    expect(await store.projectOf()).toBeUndefined();
    expect(await store.projectOf({ project: 'none' })).toBeUndefined();
  });
});

describe('updateSession', () => {
  it('moves a session and its pending offers, and takes both out of every project with none', async () => {
    const store = await openFilled();
    await expect(store.updateSession({ sessionKey: 'mine', project: 'x', agent: 'another' })).rejects.toMatchObject({
      code: 'NOT_A_PARTICIPANT',
    });
    const move = { sessionKey: 'mine', project: theirs.project as string };
    expect((await store.updateSession(move, mine)).session.project).toBe(theirs.project);
    expect(await offersOf(store, mine)).toEqual(['nowhere']);
    expect(await offersOf(store, theirs)).toEqual(['theirs', 'nowhere', 'mine']);
    expect(await sessionsOf(store, theirs)).toEqual(['mine', 'theirs', 'nowhere']);
    const { session } = await store.updateSession({ sessionKey: 'mine', project: 'none' }, mine);
    expect(session).not.toHaveProperty('project');
    expect(await offersOf(store, mine)).toEqual(['nowhere', 'mine']);
    expect((await store.updateSession({ sessionKey: 'mine', title: 'kept' }, mine)).session).not.toHaveProperty(
      'project',
    );
  });
});
