import { vi } from 'vitest';

/** Repeats a check until it passes. That it takes long is no failure: only that it never does. */
export const eventually = <T>(check: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(check, { timeout: 15_000, interval: 5 });
