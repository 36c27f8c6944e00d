import type { StoreEvent } from '@org/domain';
import { expect, it } from 'vitest';
import { createPendingEvents } from './pending-events.js';

const changed = (sessionKey: string): StoreEvent => ({ kind: 'session_changed', namespace: 'team', sessionKey });
const offered = (targetAgent?: string): StoreEvent => ({ kind: 'handoff_offered', namespace: 'team', targetAgent });

it('keeps equal events once, in the order in which they came, until they are taken', () => {
  const pending = createPendingEvents(10);
  const different = [changed('a'), offered(), offered('a'), changed('b'), offered('role:a')];
  for (const event of [...different, ...different]) pending.add({ ...event });
  expect(pending.take()).toEqual(different);
  expect(pending.isEmpty()).toBe(true);
  expect(pending.take()).toEqual([]);
  pending.add(changed('a'));
  expect(pending.take()).toEqual([changed('a')]);
});

it('keeps events of different namespaces and projects apart', () => {
  const pending = createPendingEvents(10);
  const inProject = { ...offered('a'), project: 'ours' } as StoreEvent;
  const events = [changed('a'), { ...changed('a'), namespace: 'other' } as StoreEvent, offered('a'), inProject];
  for (const event of events) pending.add(event);
  expect(pending.take()).toEqual(events);
});

it('holds something_changed alone when there are too many events', () => {
  const pending = createPendingEvents(3);
  for (const key of ['a', 'b', 'c', 'a', 'b', 'c']) pending.add(changed(key));
  expect(pending.take()).toHaveLength(3);
  for (const key of ['a', 'b', 'c', 'd', 'e']) pending.add(changed(key));
  expect(pending.take()).toEqual([{ kind: 'something_changed' }]);
});

it('holds no other event beside something_changed', () => {
  const pending = createPendingEvents(3);
  pending.add(changed('a'));
  pending.add({ kind: 'something_changed' });
  pending.add(changed('b'));
  expect(pending.take()).toEqual([{ kind: 'something_changed' }]);
});
