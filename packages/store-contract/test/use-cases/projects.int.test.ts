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
    await store.as(caller ?? {}).registerSession({ sessionKey });
    await store.as(caller ?? {}).requestHandoff({ sessionKey, requestType: 'full_handoff' });
  }
  return store;
}

const inbox = { agent: 'implementer' } as const;

async function offersOf(store: ContextStore, caller?: Caller, project?: string): Promise<string[]> {
  const { handoffs } = await store.as(caller ?? {}).listHandoffs({ ...inbox, project });
  return handoffs.map(({ sessionKey }) => sessionKey);
}

async function sessionsOf(store: ContextStore, caller?: Caller, project?: string): Promise<string[]> {
  const { sessions } = await store.as(caller ?? {}).listSessions({ project });
  return sessions.map(({ sessionKey }) => sessionKey).toReversed();
}

describe('a new session', () => {
  it("belongs to the caller's project, unless the call names one or none", async () => {
    const store = open();
    const projectOf = async (project?: string, caller: Caller = mine): Promise<string | undefined> =>
      (await store.as(caller ?? {}).registerSession({ project })).session.project;
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
      (await store.as(caller ?? {}).registerSession({})).session.project;
    expect(await projectOf({})).toBe('configured');
    expect(await projectOf(mine)).toBe(mine.project);
    expect(await projectOf(nowhere)).toBeUndefined();
    expect(await projectOf({ project: () => undefined })).toBe('configured');
    expect(await projectOf({ project: async () => 'found' })).toBe('found');
  });

  it('is not moved by a resume, nor by the replay of its creation', async () => {
    const store = open();
    await store.as(mine).registerSession({ sessionKey: 'work', idempotencyKey: 'k' });
    const replayed = await store.as(theirs).registerSession({ sessionKey: 'work', idempotencyKey: 'k' });
    expect(replayed).toMatchObject({ replayed: true, session: { project: mine.project } });
    const resumed = await store
      .as(theirs)
      .registerSession({ sessionKey: 'work', ifExists: 'resume', project: 'another' });
    expect(resumed.session.project).toBe(mine.project);
    await store.registerSession({ sessionKey: 'free' });
    expect((await store.as(mine).registerSession({ sessionKey: 'free', ifExists: 'resume' })).session.project).toBe(
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
    expect((await store.as(mine).listHandoffs({ ...inbox, handoffId })).handoffs).toMatchObject([
      { sessionKey: 'theirs', project: theirs.project },
    ]);
    expect((await store.as(mine).listSessions({ sessionKey: 'theirs' })).sessions).toMatchObject([
      { project: theirs.project },
    ]);
    expect(await store.as(mine).acceptHandoff({ ...inbox, handoffId })).toMatchObject({
      handoff: { status: 'accepted', project: theirs.project },
      session: { owner: 'implementer', project: theirs.project },
    });
    const contradiction = { code: 'VALIDATION_ERROR', message: expect.stringContaining('leave out') as string };
    await expect(store.listHandoffs({ ...inbox, handoffId, project: '*' })).rejects.toMatchObject(contradiction);
    await expect(store.listSessions({ sessionKey: 'mine', project: '*' })).rejects.toMatchObject(contradiction);
  });

  it('refuse a cursor that was made for other projects', async () => {
    const store = await openFilled();
    await store.as(mine).registerSession({ sessionKey: 'second' });
    const handoffCursor = async (caller: Caller, project?: string): Promise<string | undefined> =>
      (await store.as(caller ?? {}).listHandoffs({ ...inbox, project, limit: 1 })).cursor;
    const sessionCursor = async (caller: Caller, project?: string): Promise<string | undefined> =>
      (await store.as(caller ?? {}).listSessions({ project, limit: 1 })).nextCursor;
    const foreign = { code: 'VALIDATION_ERROR', message: expect.stringContaining('not a cursor') as string };
    for (const [cursorOf, list] of [
      [
        handoffCursor,
        (cursor?: string, project?: string) => store.as(mine).listHandoffs({ ...inbox, cursor, project }),
      ],
      [sessionCursor, (cursor?: string, project?: string) => store.as(mine).listSessions({ cursor, project })],
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
        () => store.as({ project }).listSessions({}),
        () => store.as({ project }).getContext({ sessionKey: 'a' }),
        () => store.as({ project: () => project }).registerSession({}),
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
    await store.as(caller ?? {}).updateContext({ sessionKey: 'mine', contextType: 'message', content: 'x' });
    await store.as(caller ?? {}).getContext({ sessionKey: 'mine' });
    await store.as(caller ?? {}).getBriefing({ sessionKey: 'mine' });
    await store.as(caller ?? {}).listHandoffs({ ...inbox, project: '*' });
    await store.as(caller ?? {}).listSessions({ sessionKey: 'mine' });
    await store.as(caller ?? {}).registerSession({ project: 'none' });
    expect(project).not.toHaveBeenCalled();
    await store.as(caller ?? {}).listHandoffs(inbox);
    expect(project).toHaveBeenCalledOnce();
    await store.as(caller ?? {}).registerSession({});
    await store.as(caller ?? {}).listSessions({});
    expect(project).toHaveBeenCalledTimes(3);
    expect(await store.as(caller ?? {}).actingProject()).toBe('github.com/me/mine');
    expect(await store.actingProject()).toBeUndefined();
    expect(await store.as({ project: 'none' }).actingProject()).toBeUndefined();
  });
});

describe('updateSession', () => {
  it('moves a session and its pending offers, and takes both out of every project with none', async () => {
    const store = await openFilled();
    await expect(store.updateSession({ sessionKey: 'mine', project: 'x', agent: 'another' })).rejects.toMatchObject({
      code: 'NOT_A_PARTICIPANT',
    });
    const move = { sessionKey: 'mine', project: theirs.project as string };
    expect((await store.as(mine).updateSession(move)).session.project).toBe(theirs.project);
    expect(await offersOf(store, mine)).toEqual(['nowhere']);
    expect(await offersOf(store, theirs)).toEqual(['theirs', 'nowhere', 'mine']);
    expect(await sessionsOf(store, theirs)).toEqual(['mine', 'theirs', 'nowhere']);
    const { session } = await store.as(mine).updateSession({ sessionKey: 'mine', project: 'none' });
    expect(session).not.toHaveProperty('project');
    expect(await offersOf(store, mine)).toEqual(['nowhere', 'mine']);
    expect((await store.as(mine).updateSession({ sessionKey: 'mine', title: 'kept' })).session).not.toHaveProperty(
      'project',
    );
  });
});
