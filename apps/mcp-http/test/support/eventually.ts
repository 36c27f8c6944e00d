import { vi } from 'vitest';

/** Repeats a check until it passes. Concurrent tests cannot use `expect.poll`. Fails after 30 seconds, which only a hang takes. */
export const eventually = (check: () => void | Promise<void>): Promise<void> => vi.waitFor(check, { timeout: 30_000 });
