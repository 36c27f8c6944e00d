import type { ServerResponse } from 'node:http';
import { FairShares } from './fair-shares.js';

export interface CallSlotsOptions {
  /** Maximum number of calls under way. */
  readonly size: number;
  /** Maximum number of calls that wait for a slot. */
  readonly maxQueued: number;
  /** How long a call may wait for a slot, in milliseconds. */
  readonly maxQueuedMs: number;
}

/**
 * Limits how many calls are under way, and how many wait for a slot. A call holds its slot until its response is closed.
 * Slots and places in the queue are shared fairly. Callers in the queue take turns; the calls of one caller start in their
 * order of arrival.
 */
export class CallSlots {
  readonly #maxQueuedMs: number;
  readonly #slots: FairShares;
  readonly #places: FairShares;
  /** The waiting calls of each caller, the next caller first. Each function starts one call. */
  readonly #queues = new Map<string, Set<() => void>>();

  constructor({ size, maxQueued, maxQueuedMs }: CallSlotsOptions) {
    this.#maxQueuedMs = maxQueuedMs;
    this.#slots = new FairShares(size);
    this.#places = new FairShares(maxQueued);
  }

  /** The number of calls under way. */
  get taken(): number {
    return this.#slots.taken;
  }

  /** The number of calls that wait for a slot. */
  get queued(): number {
    return this.#places.taken;
  }

  /** Waits for a slot. Returns false if the queue is full, the wait took too long, or the client has gone. */
  async enter(caller: string, response: ServerResponse): Promise<boolean> {
    if (response.destroyed) return false;
    if (this.#slots.mayTakeMore(caller)) {
      this.#hold(caller, response);
      return true;
    }
    return this.#places.mayTakeMore(caller) && this.#queue(caller, response);
  }

  #queue(caller: string, response: ServerResponse): Promise<boolean> {
    return new Promise((resolve) => {
      const queue = this.#queues.get(caller) ?? new Set();
      const settle = (hasSlot: boolean): void => {
        clearTimeout(timer);
        queue.delete(start);
        this.#places.giveBack(caller);
        if (queue.size === 0) this.#queues.delete(caller);
        response.off('close', giveUp);
        resolve(hasSlot);
      };
      const start = (): void => {
        settle(true);
        this.#hold(caller, response);
      };
      const giveUp = (): void => settle(false);
      const timer = setTimeout(giveUp, this.#maxQueuedMs);
      this.#queues.set(caller, queue.add(start));
      this.#places.take(caller);
      response.once('close', giveUp);
    });
  }

  /** Holds a slot until the response is closed. */
  #hold(caller: string, response: ServerResponse): void {
    this.#slots.take(caller);
    response.once('close', () => {
      this.#slots.giveBack(caller);
      this.#startWaiting();
    });
  }

  #startWaiting(): void {
    for (const [caller, queue] of this.#queues) {
      if (this.#slots.free === 0) return;
      if (!this.#slots.mayTakeMore(caller)) continue;
      // The caller moves to the end of the line. This loop comes to it again there.
      this.#queues.delete(caller);
      this.#queues.set(caller, queue);
      const [start] = queue;
      start?.();
    }
  }
}
