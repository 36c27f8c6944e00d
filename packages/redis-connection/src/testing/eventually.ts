import { vi } from 'vitest';

/** Repeats a check until it passes. Fails after 15 seconds, which only a hang takes. */
export const eventually = <T>(check: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(check, { timeout: 15_000, interval: 5 });
