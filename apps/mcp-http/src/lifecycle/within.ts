import { setTimeout } from 'node:timers/promises';

/** What a promise resolves to; undefined when that takes longer. */
export async function within<Value>(promise: Promise<Value>, ms: number): Promise<Value | undefined> {
  const isOver = new AbortController();
  try {
    return await Promise.race([promise, setTimeout(ms, undefined, { signal: isOver.signal })]);
  } finally {
    isOver.abort();
  }
}
