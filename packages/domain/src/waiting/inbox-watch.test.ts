import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createMemoryBus, type EventBus, type StoreEvent } from '../ports/event-bus.js';
import type { Inbox } from '../ports/store.js';
import { createInboxWatch, type InboxWatch } from './inbox-watch.js';

const pollIntervalMs = 1000;
const waitMs = 45_000;
const namespace = 'n';
const inboxOf = (agent: string, ...roles: string[]): Omit<Inbox, 'after'> => ({ namespace, agent, roles });
const offered = (targetAgent?: string, of = namespace): StoreEvent => ({
  kind: 'handoff_offered',
  namespace: of,
  targetAgent,
});

/** The agents whose inboxes have an offer for a peek to find. */
let arrivals: Set<string>;
let peeks: (readonly Inbox[])[];
let answerPeek: (inboxes: readonly Inbox[]) => Promise<readonly boolean[]>;
let subscriptions: number;
let bus: EventBus;
let watch: InboxWatch;

beforeEach(() => {
  vi.useFakeTimers();
  arrivals = new Set();
  peeks = [];
  subscriptions = 0;
  answerPeek = async (inboxes) => inboxes.map(({ agent }) => arrivals.has(agent));
  const memoryBus = createMemoryBus();
  bus = {
    ...memoryBus,
    subscribe: (listener) => {
      const stop = memoryBus.subscribe(listener);
      subscriptions += 1;
      return () => {
        subscriptions -= 1;
        stop();
      };
    },
  };
  const peekInboxes = async (inboxes: readonly Inbox[]): Promise<readonly boolean[]> => {
    peeks.push(inboxes);
    return answerPeek(inboxes);
  };
  watch = createInboxWatch({ store: { peekInboxes }, bus, pollIntervalMs });
});

afterEach(() => {
  watch.close();
  expectNothingLeft();
  vi.useRealTimers();
});

const expectNothingLeft = (): void =>
  expect({ subscriptions, timers: vi.getTimerCount() }).toEqual({ subscriptions: 0, timers: 0 });

/** The result of a wait, once it has ended. */
function watched(wait: Promise<boolean>): { result?: boolean } {
  const seen: { result?: boolean } = {};
  void wait.then((result) => {
    seen.result = result;
    return result;
  });
  return seen;
}

const passing = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

describe('a watched inbox', () => {
  it('wakes for offers to its agent, to its roles and to anyone, and for no others', async () => {
    const inbox = watch.open(inboxOf('ann', 'builder', 'tester'));
    for (const [event, wakes] of [
      [offered('ann'), true],
      [offered('role:tester'), true],
      [offered(), true],
      [offered('bob'), false],
      [offered('role:reviewer'), false],
      [offered('ann', 'elsewhere'), false],
      [offered(undefined, 'elsewhere'), false],
      [{ kind: 'session_changed', namespace, sessionKey: 'work' } as const, false],
    ] as const) {
      const wait = watched(inbox.arrival(0, 500));
      bus.publish(event);
      await passing(0);
      expect(wait.result, JSON.stringify(event)).toBe(wakes ? true : undefined);
      await passing(500);
      expect(wait.result).toBe(wakes);
    }
    inbox.close();
  });

  it.each([
    [undefined, ['ours', 'theirs', undefined]],
    [
      ['ours', null],
      ['ours', undefined],
    ],
    [[null], [undefined]],
    [['theirs'], ['theirs']],
  ])('of the projects %j wakes for offers of %j', async (projects, waking) => {
    const inbox = watch.open({ ...inboxOf('ann'), projects });
    for (const project of ['ours', 'theirs', undefined]) {
      const wait = watched(inbox.arrival(0, 500));
      bus.publish({ ...offered('ann'), project } as StoreEvent);
      await passing(500);
      expect(wait.result, project).toBe(waking.includes(project));
    }
    inbox.close();
  });

  it('remembers an offer that arrives between the read and the wait', async () => {
    const inbox = watch.open(inboxOf('ann'));
    bus.publish(offered('ann'));
    expect(await inbox.arrival(0, waitMs)).toBe(true);
    const again = watched(inbox.arrival(1, 500));
    await passing(400);
    expect(again).toEqual({});
    await passing(100);
    expect(again.result).toBe(false);
    inbox.close();
  });

  it('is read again if something unknown changed during the read', async () => {
    const inbox = watch.open(inboxOf('ann'));
    bus.publish({ kind: 'something_changed' });
    expect(await inbox.arrival(0, waitMs)).toBe(true);
    inbox.close();
  });

  it('wakes by the poll if no event came', async () => {
    const inbox = watch.open(inboxOf('ann'));
    const wait = watched(inbox.arrival(7, waitMs));
    await passing(pollIntervalMs - 1);
    expect(peeks).toEqual([]);
    await passing(1);
    expect(peeks).toEqual([[{ ...inboxOf('ann'), after: 7 }]]);
    expect(wait).toEqual({});
    arrivals.add('ann');
    await passing(pollIntervalMs);
    expect(wait.result).toBe(true);
    inbox.close();
  });

  it('is peeked into at once when another process changed something', async () => {
    const inbox = watch.open(inboxOf('ann'));
    const wait = watched(inbox.arrival(0, waitMs));
    arrivals.add('ann');
    bus.publish({ kind: 'something_changed' });
    await passing(0);
    expect(wait.result).toBe(true);
    inbox.close();
  });

  it('is peeked into once more if something changes during a peek', async () => {
    const inbox = watch.open(inboxOf('ann'));
    const wait = watched(inbox.arrival(0, waitMs));
    const { promise: slow, resolve } = Promise.withResolvers<readonly boolean[]>();
    answerPeek = () => slow;
    bus.publish({ kind: 'something_changed' });
    for (let time = 0; time < 5; time += 1) bus.publish({ kind: 'something_changed' });
    expect(peeks).toHaveLength(1);
    answerPeek = async () => [true];
    resolve([false]);
    await passing(0);
    expect(peeks).toHaveLength(2);
    expect(wait.result).toBe(true);
    inbox.close();
  });

  it('stays watched when the store fails', async () => {
    const inbox = watch.open(inboxOf('ann'));
    const wait = watched(inbox.arrival(0, waitMs));
    const sound = answerPeek;
    answerPeek = () => Promise.reject(new Error('gone'));
    await passing(3 * pollIntervalMs);
    answerPeek = () => {
      throw new Error('gone at once');
    };
    await passing(pollIntervalMs);
    expect(peeks).toHaveLength(4);
    expect(wait).toEqual({});
    answerPeek = sound;
    arrivals.add('ann');
    await passing(pollIntervalMs);
    expect(wait.result).toBe(true);
    inbox.close();
  });

  it('costs one poll for a thousand waiters, and an offer to one of them wakes only that one', async () => {
    const inboxes = Array.from({ length: 1000 }, (_, index) => watch.open(inboxOf(`agent-${index}`)));
    const waits = inboxes.map((inbox) => watched(inbox.arrival(0, waitMs)));
    const woken = (): number => waits.filter(({ result }) => result === true).length;
    expect(subscriptions).toBe(1);
    await passing(5 * pollIntervalMs);
    expect(peeks.map(({ length }) => length)).toEqual([1000, 1000, 1000, 1000, 1000]);
    bus.publish(offered('agent-7'));
    await passing(0);
    expect(woken()).toBe(1);
    arrivals.add('agent-8').add('agent-9');
    await passing(pollIntervalMs);
    expect(woken()).toBe(3);
    bus.publish(offered());
    await passing(0);
    expect(woken()).toBe(1000);
    for (const inbox of inboxes) inbox.close();
  });

  it('peeks only into inboxes that a call waits for, and not at all if there is none', async () => {
    const looking = watch.open(inboxOf('looking'));
    await passing(2 * pollIntervalMs);
    expect(peeks).toEqual([]);
    const waiting = watch.open(inboxOf('waiting'));
    const wait = watched(waiting.arrival(0, waitMs));
    await passing(pollIntervalMs);
    expect(peeks.map((inboxes) => inboxes.map(({ agent }) => agent))).toEqual([['waiting']]);
    watch.close();
    await passing(0);
    expect(wait.result).toBe(false);
    looking.close();
  });
});

describe('the end of a wait', () => {
  it('comes when its time is up', async () => {
    const inbox = watch.open(inboxOf('ann'));
    const wait = watched(inbox.arrival(0, waitMs));
    await passing(waitMs - 1);
    expect(wait).toEqual({});
    await passing(1);
    expect(wait.result).toBe(false);
    inbox.close();
  });

  it('comes when its signal aborts, and leaves no listener on it', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const inbox = watch.open(inboxOf('ann'));
    const wait = watched(inbox.arrival(0, waitMs, [signal]));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    controller.abort();
    await passing(0);
    expect(wait.result).toBe(false);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    expect(await inbox.arrival(0, waitMs, [signal])).toBe(false);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    inbox.close();
  });

  it('leaves no listener on its signal when an offer arrives', async () => {
    const { signal } = new AbortController();
    const inbox = watch.open(inboxOf('ann'));
    const wait = watched(inbox.arrival(0, waitMs, [signal]));
    bus.publish(offered('ann'));
    await passing(0);
    expect(wait.result).toBe(true);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    inbox.close();
  });

  it('comes for all waits when the watch closes, and for later ones at once', async () => {
    const inboxes = ['ann', 'bob'].map((agent) => watch.open(inboxOf(agent)));
    const waits = inboxes.map((inbox) => watched(inbox.arrival(0, waitMs)));
    watch.close();
    await passing(0);
    expect(waits.map(({ result }) => result)).toEqual([false, false]);
    expectNothingLeft();
    const late = watch.open(inboxOf('cat'));
    expect(await late.arrival(0, waitMs)).toBe(false);
    expect(await inboxes[0]?.arrival(0, waitMs)).toBe(false);
    late.close();
  });

  it('stops the poll and the subscription with the last inbox, and starts them again with the next', async () => {
    for (let time = 0; time < 2; time += 1) {
      const first = watch.open(inboxOf('ann'));
      const second = watch.open(inboxOf('ann'));
      expect({ subscriptions, timers: vi.getTimerCount() }).toEqual({ subscriptions: 1, timers: 1 });
      first.close();
      expect(subscriptions).toBe(1);
      const wait = watched(second.arrival(0, waitMs));
      bus.publish(offered('ann'));
      await passing(0);
      expect(wait.result).toBe(true);
      second.close();
      expectNothingLeft();
    }
  });
});
