import { ContextStoreError, createContextStore, noTelemetry } from '@org/domain';
import type { BusinessEvent, MeasuredCall, Telemetry } from '@org/domain';
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../src/memory-store/memory-store.js';

describe('telemetry', () => {
  it('measures every call once, and counts every event once', async () => {
    const calls: MeasuredCall[] = [];
    const events: BusinessEvent[] = [];
    const telemetry: Telemetry = {
      ...noTelemetry,
      measure: (call, run) => {
        calls.push(call);
        return run();
      },
      count: (event) => events.push(event),
    };
    const store = createContextStore({ store: createMemoryStore(), telemetry }, { agent: 'planner' });
    const note = { sessionKey: 'work', contextType: 'message', content: 'x' } as const;
    for (let time = 0; time < 2; time += 1) {
      await store.registerSession({ sessionKey: 'work', idempotencyKey: 'r' });
      await store.updateContext({ ...note, idempotencyKey: 'u' });
    }
    await expect(store.updateContext({ ...note, expectedSequence: 7 })).rejects.toBeInstanceOf(ContextStoreError);
    const { handoff } = await store.requestHandoff({ sessionKey: 'work', requestType: 'collaboration' });
    await store.acceptHandoff({ handoffId: handoff.handoffId, agent: 'b' });
    await store.acceptHandoff({ handoffId: handoff.handoffId, agent: 'b' });
    await store.listHandoffs({ waitSeconds: 0 });
    await store.listHandoffs({ waitSeconds: 0.01 });
    expect(calls.map(({ tool, waits }) => `${tool}${waits ? ' waits' : ''}`)).toEqual([
      ...Array.from({ length: 2 }, () => ['registerSession', 'updateContext']).flat(),
      'updateContext',
      'requestHandoff',
      'acceptHandoff',
      'acceptHandoff',
      'listHandoffs',
      'listHandoffs waits',
    ]);
    expect(events).toEqual([
      { kind: 'session_created' },
      { kind: 'context_entry_appended', contextType: 'message' },
      { kind: 'handoff_processed', requestType: 'collaboration', event: 'requested' },
      { kind: 'handoff_processed', requestType: 'collaboration', event: 'accepted' },
    ]);
  });
});
