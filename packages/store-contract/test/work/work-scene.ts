import {
  createContextStore,
  mapStore,
  type ContextStore,
  type Handoff,
  type Store,
  type StoreOperation,
  type WorkHandler,
  type WorkOptions,
} from '@org/domain';
import { createMemoryStore } from '../../src/memory-store/memory-store.js';

/** What the promise of a worker settled with. Empty while it works. */
export interface SeenWorker {
  end?: unknown;
}

/** Workers on a memory store that fails, hangs and loses answers as a test says. Its timers are fake. */
export class WorkScene {
  /** Errors that operations throw, one after the other, before they do anything. */
  failures: Partial<Record<StoreOperation, Error[]>> = {};
  /** How many answers of an operation get lost. */
  lostAnswers: Partial<Record<StoreOperation, number>> = {};
  /** Operations that do not answer any more. */
  readonly hanging = new Set<StoreOperation>();
  readonly calls: StoreOperation[] = [];
  readonly errors: unknown[] = [];
  readonly stop = new AbortController();
  readonly store: ContextStore;

  constructor(lostAnswer: () => Error) {
    const memory = createMemoryStore({ clock: Date.now });
    const observed = mapStore(memory, async ({ operation, run }) => {
      this.calls.push(operation);
      if (this.hanging.has(operation)) await new Promise(() => undefined);
      const failure = this.failures[operation]?.shift();
      if (failure !== undefined) throw failure;
      const answer = await run();
      const lost = this.lostAnswers[operation] ?? 0;
      this.lostAnswers[operation] = lost - 1;
      if (lost > 0) throw lostAnswer();
      return answer;
    });
    const store: Store = { ...memory, ...observed };
    this.store = createContextStore({ store }, { agent: 'planner' });
  }

  /** Offers a new session to anyone, and returns the handoff's id. */
  async offer(sessionKey: string, more: Partial<Parameters<ContextStore['requestHandoff']>[0]> = {}): Promise<string> {
    await this.store.registerSession({ sessionKey });
    const { handoff } = await this.store.requestHandoff({ sessionKey, requestType: 'full_handoff', ...more });
    return handoff.handoffId;
  }

  async read(handoffId: string): Promise<Handoff | undefined> {
    return (await this.store.listHandoffs({ handoffId, maxTokens: 200_000 })).handoffs[0];
  }

  start(handler: WorkHandler, options: WorkOptions = {}): SeenWorker {
    const seen: SeenWorker = {};
    const onError = (error: unknown): void => void this.errors.push(error);
    void this.store
      .as({ agent: 'worker' })
      .work({ signal: this.stop.signal, onError, ...options }, handler)
      .then(
        () => (seen.end = 'drained'),
        (reason: unknown) => (seen.end = reason),
      );
    return seen;
  }
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
