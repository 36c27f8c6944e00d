import { describe, expect, it } from 'vitest';
import { createEpochMemory } from './epoch-memory.js';

const a = { agent: 'a' };

describe('the epoch memory', () => {
  it('never replaces an epoch with an older one', () => {
    const memory = createEpochMemory();
    memory.remember(a, { owner: 'a', participants: [], sessionKey: 's', epoch: 3 });
    memory.remember(a, { owner: 'a', participants: [], sessionKey: 's', epoch: 2 });
    expect(memory.recall(a, 's')).toMatchObject({ epoch: 3 });
  });

  it('keeps the epoch of the newest append, but never replaces the epoch of an owner', () => {
    const memory = createEpochMemory();
    for (const epoch of [2, 3, 1]) memory.rememberAppend(a, { sessionKey: 's', epoch });
    expect(memory.recall(a, 's')).toEqual({ epoch: 3, isOwners: false });
    memory.remember(a, { owner: 'a', participants: [], sessionKey: 's', epoch: 4 });
    memory.rememberAppend(a, { sessionKey: 's', epoch: 5 });
    expect(memory.recall(a, 's')).toEqual({ epoch: 4, isOwners: true });
  });

  it('knows a session of the former name as one of the agent', () => {
    const memory = createEpochMemory();
    const renamed = { agent: 'a', formerName: 'a-client' };
    memory.remember(renamed, { owner: 'a-client', participants: [], sessionKey: 's', epoch: 3 });
    expect(memory.recall(renamed, 's')).toEqual({ epoch: 3, isOwners: true });
    memory.remember(renamed, { owner: 'other', participants: ['a-client'], sessionKey: 's', epoch: 4 });
    expect(memory.recall(renamed, 's')).toBeUndefined();
  });

  it('is bounded, and drops the least recently remembered epoch first', () => {
    const memory = createEpochMemory();
    for (let index = 0; index < 10_000; index += 1)
      memory.remember(a, { owner: 'a', participants: [], sessionKey: `s${index}`, epoch: 1 });
    memory.remember(a, { owner: 'a', participants: [], sessionKey: 's0', epoch: 1 });
    memory.remember(a, { owner: 'a', participants: [], sessionKey: 'one-more', epoch: 1 });
    expect(memory.recall(a, 's0')).toMatchObject({ epoch: 1 });
    expect(memory.recall(a, 's1')).toBeUndefined();
  });
});
