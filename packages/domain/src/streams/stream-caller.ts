import type { RequestCaller } from '../calling/caller.js';
import { orReasonOf, type Calls } from '../calling/calls.js';

/** Returns the caller of a stream, whose calls end when the signal of the view or that of the stream aborts. */
export function streamCaller(caller: RequestCaller, signal: AbortSignal | undefined): RequestCaller {
  const signals = [caller.signal, signal].filter((given) => given !== undefined);
  return signals.length < 2 ? { ...caller, signal: signals[0] } : { ...caller, signal: AbortSignal.any(signals) };
}

const reading = { waitMs: 0, mayWrite: false };

/** Runs one read of a stream. @throws the reason of the signal, STORE_CLOSED, and what the read throws */
export const runRead = <T>(
  calls: Calls,
  signal: AbortSignal | undefined,
  read: (ending: AbortSignal | undefined) => Promise<T>,
): Promise<T> => orReasonOf(signal, calls.run(reading, signal, read));
