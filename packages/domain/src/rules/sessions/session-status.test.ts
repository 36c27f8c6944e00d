import { describe, expect, it } from 'vitest';
import { sessionStatus } from './session-status.js';

const status = (idleMs: number, more: { state?: 'completed' | 'archived'; ttlMs?: number } = {}): string =>
  sessionStatus({ state: 'active', lastActivityAtMs: 1000, observedAtMs: 1000 + idleMs, ...more }, 50);

describe('the status of a session', () => {
  it('changes exactly at the deadline', () => {
    expect(status(49)).toBe('active');
    expect(status(50)).toBe('dormant');
    expect(status(99, { ttlMs: 100 })).toBe('dormant');
    expect(status(100, { ttlMs: 100 })).toBe('expired');
  });

  it('may expire before it is dormant, and never without a TTL', () => {
    expect(status(10, { ttlMs: 10 })).toBe('expired');
    expect(status(10 ** 12)).toBe('dormant');
  });

  it('does not change with time once the owner has set it', () => {
    expect(status(10 ** 12, { state: 'completed', ttlMs: 1 })).toBe('completed');
    expect(status(10 ** 12, { state: 'archived', ttlMs: 1 })).toBe('archived');
  });
});
