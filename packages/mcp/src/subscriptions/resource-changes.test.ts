import type { RequestCaller } from '@org/domain';
import { describe, expect, it } from 'vitest';
import { observedContextStore, type ObservedContextStore } from '../../test/connect.js';
import { createResourceChanges, type ResourceChange, type ResourceChanges } from './resource-changes.js';
import { createResources } from '../resources/resources.js';

const note = (sessionKey: string, content = 'x') =>
  ({ sessionKey, contextType: 'message', content, agent: 'a' }) as const;

/** Sessions, agents and changes are in the namespace `default` by default. */
function observedChanges(): ObservedContextStore & { changes: ResourceChanges; reads: string[] } {
  const observed = observedContextStore();
  const resources = createResources(observed.contextStore, undefined);
  const reads: string[] = [];
  const changes = createResourceChanges({
    contextStore: observed.contextStore,
    resources: {
      list: (...args) => resources.list(...args),
      read: (uri, caller) => {
        reads.push(uri);
        return resources.read(uri, caller);
      },
    },
    gatherMs: 5,
  });
  return { ...observed, changes, reads };
}

/** Each read waits until the test releases it. */
function heldChanges() {
  const { contextStore, publish } = observedContextStore();
  const held: { readonly namespace: string | undefined; readonly uri: string; readonly release: () => void }[] = [];
  let reads = 0;
  let isHolding = true;
  const hold = async ({ namespace }: RequestCaller, uri = ''): Promise<void> => {
    reads += 1;
    if (isHolding) await new Promise<void>((resolve) => held.push({ namespace, uri, release: resolve }));
  };
  const resources = createResources(contextStore, undefined);
  const changes = createResourceChanges({
    contextStore,
    resources: {
      list: (cursor, caller) => hold(caller).then(() => resources.list(cursor, caller)),
      read: (uri, caller) => hold(caller, uri).then(() => resources.read(uri, caller)),
    },
    gatherMs: 5,
  });
  return {
    changes,
    publish,
    /** The namespaces of the reads that are in progress. */
    held: () => held.map(({ namespace }) => namespace),
    heldUris: () => held.map(({ uri }) => uri),
    reads: () => reads,
    /** Releases the first read. Resolves when the next one has started. */
    releaseFirst: async () => {
      held.shift()?.release();
      await new Promise((later) => setTimeout(later, 5));
    },
    hold: (holds: boolean) => {
      isHolding = holds;
      if (!holds) for (const reading of held.splice(0)) reading.release();
    },
  };
}

/** Waits until no more reads happen. */
async function settled(reads: readonly unknown[]): Promise<void> {
  for (let before = -1; before !== reads.length;) {
    before = reads.length;
    await new Promise((later) => setTimeout(later, 40));
  }
}

const uris = [
  'handoff://sessions',
  'handoff://stats',
  'handoff://sessions/work',
  'handoff://context/work',
  'handoff://summary/work',
  'handoff://agents/a/sessions',
  'handoff://agents/b/sessions',
  'handoff://inbox/b',
  'handoff://inbox/c',
];

describe('a watched resource', () => {
  it.each<[string, (store: ObservedContextStore['contextStore']) => Promise<unknown>, string[]]>([
    [
      'an append',
      (store) => store.updateContext(note('work')),
      ['sessions', 'sessions/work', 'context/work', 'summary/work', 'agents/a/sessions'],
    ],
    ['an append to another session', (store) => store.updateContext(note('other')), ['sessions', 'agents/a/sessions']],
    [
      'a new session',
      (store) => store.registerSession({ sessionKey: 'new', agent: 'b' }),
      ['sessions', 'stats', 'agents/b/sessions', 'list'],
    ],
    [
      'an offer to an agent',
      (store) =>
        store.requestHandoff({ sessionKey: 'other', requestType: 'full_handoff', targetAgent: 'b', agent: 'a' }),
      ['sessions', 'stats', 'agents/a/sessions', 'inbox/b'],
    ],
    [
      'a deletion',
      (store) => store.deleteSession('work'),
      ['sessions', 'stats', 'sessions/work', 'context/work', 'summary/work', 'agents/a/sessions', 'list'],
    ],
    ['a read mark', (store) => store.getContext({ sessionKey: 'other', unread: true, ackSequence: 1, agent: 'a' }), []],
    [
      'something in another namespace',
      (store) => store.as({ namespace: 'theirs' }).registerSession({ sessionKey: 'work', agent: 'b' }),
      [],
    ],
  ])('is reported after %s, and no other resource is', async (_case, act, expected) => {
    const { contextStore, changes, reads, publish } = observedChanges();
    await contextStore.registerSession({ sessionKey: 'other', agent: 'a' });
    await contextStore.updateContext(note('other'));
    await contextStore.registerSession({ sessionKey: 'work', agent: 'a' });
    const reported: ResourceChange[] = [];
    const stop = await changes.watch({ uris, list: true }, {}, (change) => reported.push(change));
    const named = (): string[] =>
      reported.splice(0).map((change) => (change === 'list' ? change : change.uri.slice('handoff://'.length)));
    // A session's times change with each millisecond.
    await new Promise((later) => setTimeout(later, 5));

    await act(contextStore);
    await settled(reads);
    expect(new Set(named())).toEqual(new Set(expected));
    publish({ kind: 'something_changed' });
    await settled(reads);
    expect(named()).toEqual([]);
    stop();
  });

  it('is reported after a change by another process', async () => {
    const { elsewhere, changes, reads, publish } = observedChanges();
    await elsewhere.registerSession({ sessionKey: 'work', agent: 'a' });
    const reported: ResourceChange[] = [];
    await changes.watch({ uris: ['handoff://stats', 'handoff://inbox/a'], list: true }, {}, (change) =>
      reported.push(change),
    );
    await elsewhere.registerSession({ sessionKey: 'other', agent: 'a' });
    await settled(reads);
    expect(reported).toEqual([]);
    publish({ kind: 'something_changed' });
    await settled(reads);
    expect(new Set(reported)).toEqual(new Set([{ uri: 'handoff://stats' }, 'list']));

    reported.length = 0;
    await elsewhere.requestHandoff({ sessionKey: 'other', requestType: 'full_handoff', targetAgent: 'b', agent: 'a' });
    await elsewhere.requestHandoff({ sessionKey: 'work', requestType: 'full_handoff', agent: 'a' });
    publish({ kind: 'handoff_offered', namespace: 'theirs' });
    await settled(reads);
    expect(reported).toEqual([]);
    publish({ kind: 'handoff_offered', namespace: 'default' });
    await settled(reads);
    expect(new Set(reported)).toEqual(new Set([{ uri: 'handoff://stats' }, { uri: 'handoff://inbox/a' }]));
  });

  it('is not read if an event concerns another session', async () => {
    const { contextStore, changes, reads } = observedChanges();
    await contextStore.registerSession({ sessionKey: 'work', agent: 'a' });
    await contextStore.registerSession({ sessionKey: 'other', agent: 'a' });
    const ofWork = ['handoff://context/work', 'handoff://sessions/work', 'handoff://summary/work'];
    await changes.watch({ uris: ofWork, list: false }, {}, () => undefined);
    expect(reads).toEqual(ofWork);
    await contextStore.updateContext(note('other'));
    await settled(reads);
    expect(reads).toEqual(ofWork);
  });

  it('is read and reported once per round, however many events and watchers there are', async () => {
    const { contextStore, changes, reads } = observedChanges();
    await contextStore.registerSession({ sessionKey: 'work', agent: 'a' });
    const reported: number[] = [];
    for (let watcher = 0; watcher < 50; watcher += 1) {
      await changes.watch({ uris: ['handoff://context/work'], list: false }, {}, () => reported.push(watcher));
    }
    expect(reads).toHaveLength(1);
    await Promise.all(
      Array.from({ length: 100 }, (_, index) => contextStore.updateContext(note('work', `entry ${index}`))),
    );
    await settled(reads);
    expect(reads.length).toBeLessThan(10);
    expect(new Set(reported).size).toBe(50);
    expect(reported).toHaveLength(50 * (reads.length - 1));
  });

  it('has no listener once its last watcher has left', async () => {
    const { contextStore, changes, reads, listeners } = observedChanges();
    await contextStore.registerSession({ sessionKey: 'work', agent: 'a' });
    const reported: ResourceChange[] = [];
    const watch = () => changes.watch({ uris, list: true }, {}, (change) => reported.push(change));
    const stops = await Promise.all([watch(), watch()]);
    expect(listeners()).toBe(uris.length + 1);
    stops[0]?.();
    stops[0]?.();
    await contextStore.updateContext(note('work'));
    await settled(reads);
    expect(reported.filter((change) => change !== 'list' && change.uri === 'handoff://context/work')).toHaveLength(1);
    stops[1]?.();
    expect(listeners()).toBe(0);
    const before = reads.length;
    await contextStore.updateContext(note('work'));
    await settled(reads);
    expect(reads).toHaveLength(before);
  });

  it('is not read after its watchers have left, because the store may be closed', async () => {
    const { contextStore } = observedContextStore();
    const resources = createResources(contextStore, undefined);
    const reads: string[] = [];
    let leave = (): void => undefined;
    const changes = createResourceChanges({
      contextStore,
      resources: {
        ...resources,
        read: (uri, caller) => {
          reads.push(uri);
          leave();
          return resources.read(uri, caller);
        },
      },
      gatherMs: 5,
    });
    leave = await changes.watch({ uris: uris.slice(0, 2), list: true }, {}, () => undefined);
    reads.length = 0;
    await contextStore.registerSession({ sessionKey: 'work', agent: 'a' });
    await settled(reads);
    expect(reads).toHaveLength(1);
  });

  it('waits for one of a few concurrent reads, which namespaces get in turn', async () => {
    const { changes, held, releaseFirst } = heldChanges();
    const watch = (namespace: string, count: number, name = ''): Promise<unknown> => {
      const many = Array.from({ length: count }, (_, index) => `handoff://context/${name}${index}`);
      return changes.watch({ uris: many, list: false }, { namespace }, () => undefined);
    };
    for (let stream = 0; stream < 20; stream += 1) void watch('greedy', 100, `${stream}-`);
    let isReady = false;
    void watch('modest', 2).then(() => (isReady = true));
    expect(held()).toEqual(['greedy', 'greedy', 'greedy', 'greedy']);
    await releaseFirst();
    await releaseFirst();
    expect(held()).toEqual(['greedy', 'greedy', 'greedy', 'modest']);
    // The namespaces take turns, so ten more reads are enough for both of its resources.
    for (let readings = 0; readings < 10; readings += 1) await releaseFirst();
    expect(isReady).toBe(true);
  });

  it('is read in one namespace during the round of another namespace', async () => {
    const { changes, held, hold, publish } = heldChanges();
    hold(false);
    for (const namespace of ['greedy', 'modest']) {
      await changes.watch({ uris, list: false }, { namespace }, () => undefined);
    }
    hold(true);
    publish({ kind: 'handoff_offered', namespace: 'greedy' });
    await expect.poll(held).toEqual(['greedy']);
    publish({ kind: 'handoff_offered', namespace: 'modest' });
    await expect.poll(held).toEqual(['greedy', 'modest']);
    hold(false);
  });

  it('is read while many clients of the same namespace start to watch', async () => {
    const { changes, heldUris, hold, releaseFirst, publish } = heldChanges();
    hold(false);
    await changes.watch({ uris: ['handoff://stats'], list: false }, {}, () => undefined);
    hold(true);
    for (let stream = 0; stream < 100; stream += 1) {
      void changes.watch({ uris: [`handoff://context/${stream}`], list: false }, {}, () => undefined);
    }
    publish({ kind: 'handoff_offered', namespace: 'default' });
    for (let readings = 0; readings < 20 && !heldUris().includes('handoff://stats'); readings += 1)
      await releaseFirst();
    expect(heldUris()).toContain('handoff://stats');
    hold(false);
  });

  it('is not read for a client that leaves before the read starts', async () => {
    const { changes, hold, reads } = heldChanges();
    const leaving = new AbortController();
    const watch = () => changes.watch({ uris, list: true }, { signal: leaving.signal }, () => undefined);
    const watching = watch();
    expect(reads()).toBe(1);
    leaving.abort();
    hold(false);
    await watching;
    await watch();
    expect(reads()).toBe(1);
  });

  it('may not exist yet', async () => {
    const { contextStore, changes } = observedChanges();
    const { promise: created, resolve } = Promise.withResolvers<ResourceChange>();
    await changes.watch({ uris: ['handoff://summary/work'], list: false }, {}, resolve);
    await contextStore.registerSession({ sessionKey: 'work', agent: 'a' });
    expect(await created).toEqual({ uri: 'handoff://summary/work' });
  });

  it.each([
    [['handoff://nothing'], 'Resource not found'],
    [['handoff://sessions', 'handoff://inbox/role:x'], 'agent'],
    [Array.from({ length: 101 }, (_, index) => `handoff://context/s${index}`), 'At most 100'],
  ])('cannot be %j', async (wrong, says) => {
    const { changes, listeners } = observedChanges();
    const watching = changes.watch({ uris: wrong, list: true }, {}, () => undefined);
    await expect(watching).rejects.toMatchObject({ code: -32_602, message: expect.stringContaining(says) as string });
    expect(listeners()).toBe(0);
  });
});
