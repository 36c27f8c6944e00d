import type { EventBus, StoreEvent } from '../ports/event-bus.js';
import type { SessionRef } from '../ports/store.js';

/** Lets readers wait for the next entry of a log. */
export interface LogWatch {
  /** Watches a log from now on. Open it before you read the log, so that no entry arrives unnoticed in between. */
  readonly open: (log: SessionRef) => OpenLog;
  /** Ends all waiting. */
  readonly close: () => void;
}

export interface OpenLog {
  /** Waits until the log may have changed since the last call, until the signal aborts, or until the watch is closed. */
  readonly change: (signal: AbortSignal | undefined) => Promise<void>;
  readonly close: () => void;
}

export interface LogWatchOptions {
  readonly bus: EventBus;
  /** How often all waiting readers look at their logs, in case an event got lost. */
  readonly pollIntervalMs: number;
}

interface Reader {
  readonly log: SessionRef;
  hasChanged: boolean;
  /** Defined while the reader waits. */
  wake: (() => void) | undefined;
}

/** Creates the watch of a process. One subscription and one poll serve all readers, and end with the last of them. */
export function createLogWatch({ bus, pollIntervalMs }: LogWatchOptions): LogWatch {
  const readers = new Set<Reader>();
  let stopListening: (() => void) | undefined;
  let isClosed = false;

  const wakeAll = (concerns: (log: SessionRef) => boolean = () => true): void => {
    for (const reader of readers) {
      if (!concerns(reader.log)) continue;
      reader.hasChanged = true;
      reader.wake?.();
    }
  };

  function listen(): () => void {
    const poll = setInterval(wakeAll, pollIntervalMs);
    const unsubscribe = bus.subscribe((event) => wakeAll((log) => mayChange(log, event)));
    return () => {
      clearInterval(poll);
      unsubscribe();
    };
  }

  function remove(reader: Reader): void {
    readers.delete(reader);
    if (readers.size > 0) return;
    stopListening?.();
    stopListening = undefined;
  }

  return {
    open: (log) => {
      const reader: Reader = { log, hasChanged: isClosed, wake: undefined };
      if (!isClosed) {
        readers.add(reader);
        stopListening ??= listen();
      }
      return { change: (signal) => waitForChange(reader, signal), close: () => remove(reader) };
    },
    close: () => {
      isClosed = true;
      wakeAll();
      for (const reader of readers) remove(reader);
    },
  };
}

function mayChange({ namespace, sessionKey }: SessionRef, event: StoreEvent): boolean {
  if (event.kind === 'something_changed') return true;
  return event.kind === 'session_changed' && event.namespace === namespace && event.sessionKey === sessionKey;
}

function waitForChange(reader: Reader, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      signal?.removeEventListener('abort', wake);
      reader.wake = undefined;
      reader.hasChanged = false;
      resolve();
    };
    reader.wake = wake;
    signal?.addEventListener('abort', wake);
    if (reader.hasChanged || signal?.aborted === true) wake();
  });
}
