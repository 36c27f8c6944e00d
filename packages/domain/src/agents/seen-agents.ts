import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Store } from '../ports/store.js';
import type { StoreOperations } from '../ports/store-operations.js';
import { limits } from '../rules/limits.js';
import { unseenTargetHint } from '../rules/handoffs/unseen-target.js';

/** Remembers which names act in a namespace, so that an offer to another name gets a hint. */
export interface SeenAgents {
  /**
   * Notes that names were seen. Returns at once: the store learns of it after the call under way has begun, at most once
   * an hour for each name, and a failure to tell it is ignored.
   */
  readonly note: (namespace: string, names: readonly string[]) => void;
  /**
   * Returns a hint if the target of an offer was never seen in the namespace. Reads the store only if this process does
   * not know the target. Returns undefined if the store does not answer in time, and never rejects.
   */
  readonly hintFor: (offer: AddressedOffer) => Promise<string | undefined>;
  /** Tells the store at once what it has not been told yet. */
  readonly close: () => void;
}

export interface AddressedOffer {
  /** The store of the call. */
  readonly store: Pick<StoreOperations, 'listAgents'>;
  readonly namespace: string;
  readonly target: string;
  readonly requester: string;
}

const hourMs = 3_600_000;
const minuteMs = 60_000;

/** The most names that a process remembers. The first that it learnt are forgotten first. */
const capacity = 10_000;
/** The most names of a namespace that a process tells the store in a minute: callers choose names, and each costs a write. */
const toldPerMinute = 60;
/** How long an offer may wait for its hint, in milliseconds. */
const hintWithinMs = 500;

/** @param store is told which names were seen */
export function createSeenAgents(store: Pick<Store, 'noteAgents'>): SeenAgents {
  /** When to tell the store of a name again, by namespace and name. */
  const known = new Map<string, number>();
  const untold = new Map<string, Set<string>>();
  // What is told serves no single call, so it is neither traced nor ended with the call under way.
  const outsideOfCalls = AsyncLocalStorage.snapshot();
  /** How many names of each namespace were told since the minute began. */
  const toldNow = new Map<string, number>();
  let minuteEndsMs = 0;

  function remember(namespace: string, name: string, nextMs: number): void {
    const key = keyOf(namespace, name);
    known.delete(key);
    known.set(key, nextMs);
    const [oldest] = known.keys();
    if (known.size > capacity && oldest !== undefined) known.delete(oldest);
  }

  function mayTell(namespace: string, names: number, nowMs: number): boolean {
    if (nowMs >= minuteEndsMs) {
      toldNow.clear();
      minuteEndsMs = nowMs + minuteMs;
    }
    const told = (toldNow.get(namespace) ?? 0) + names;
    if (told > toldPerMinute) return false;
    toldNow.set(namespace, told);
    return true;
  }

  function tell(): void {
    const told = [...untold];
    untold.clear();
    for (const [namespace, names] of told) {
      store.noteAgents({ namespace, names: [...names] }).catch(() => {
        const soonMs = performance.now() + minuteMs;
        for (const name of names) remember(namespace, name, soonMs);
      });
    }
  }

  return {
    note(namespace, names) {
      const nowMs = performance.now();
      const due = names.filter((name) => (known.get(keyOf(namespace, name)) ?? 0) <= nowMs);
      if (due.length === 0 || !mayTell(namespace, due.length, nowMs)) return;
      for (const name of due) remember(namespace, name, nowMs + hourMs);
      if (untold.size === 0) outsideOfCalls(() => queueMicrotask(tell));
      const waiting = untold.get(namespace) ?? new Set();
      for (const name of due) waiting.add(name);
      untold.set(namespace, waiting);
    },

    async hintFor({ store: callsStore, namespace, target, requester }) {
      if (target === requester || known.has(keyOf(namespace, target))) return undefined;
      const reading = callsStore.listAgents({ namespace, limit: limits.agentsKept }).catch(() => undefined);
      const timer = new AbortController();
      const tooLate = sleep(hintWithinMs, undefined, { signal: timer.signal }).catch(() => undefined);
      const seen = await Promise.race([reading, tooLate]);
      timer.abort();
      if (seen === undefined) return undefined;
      if (!seen.includes(target)) return unseenTargetHint(target, requester, seen);
      remember(namespace, target, 0);
      return undefined;
    },

    close: tell,
  };
}

/** Neither name can contain a space. */
const keyOf = (namespace: string, name: string): string => `${namespace} ${name}`;
