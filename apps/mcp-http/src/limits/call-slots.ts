import type { ServerResponse } from 'node:http';
import { leavesEnough } from './may-take-more.js';

export interface CallSlotsOptions {
  /** How many calls may be under way at once. */
  readonly size: number;
  /** How many more may wait for a slot. */
  readonly maxQueued: number;
  /** How long one may wait, in milliseconds. */
  readonly maxQueuedMs: number;
}

/**
 * Bounds how many calls are under way at once, and how many wait for their turn. A call holds its slot until its response is
 * closed, however that comes. No caller keeps the others out: each leaves a part of the slots, and of the places in the
 * queue, to whoever comes next, and callers with calls in the queue take turns. The calls of one are let in as they came.
 */
export class CallSlots {
  readonly #options: CallSlotsOptions;
  /** How many slots each caller holds that holds any. */
  readonly #held = new Map<string, number>();
  /** Those of each caller that wait, the next caller first. Each lets one call in. */
  readonly #queues = new Map<string, Set<() => void>>();
  #free: number;
  #freeInQueue: number;

  constructor(options: CallSlotsOptions) {
    this.#options = options;
    this.#free = options.size;
    this.#freeInQueue = options.maxQueued;
  }

  /** How many calls are under way. */
  get taken(): number {
    return this.#options.size - this.#free;
  }

  /** How many wait for a slot. */
  get queued(): number {
    return this.#options.maxQueued - this.#freeInQueue;
  }

  /** Waits for a slot. False: too many wait, the wait was too long, or the client has gone. */
  async enter(caller: string, response: ServerResponse): Promise<boolean> {
    if (response.destroyed) return false;
    if (leavesEnough(this.#heldBy(caller), this.#free)) {
      this.#hold(caller, response);
      return true;
    }
    return leavesEnough(this.#queues.get(caller)?.size ?? 0, this.#freeInQueue) && this.#turn(caller, response);
  }

  #turn(caller: string, response: ServerResponse): Promise<boolean> {
    return new Promise((resolve) => {
      const queue = this.#queues.get(caller) ?? new Set();
      const settle = (isIn: boolean): void => {
        clearTimeout(tooLong);
        queue.delete(letIn);
        this.#freeInQueue += 1;
        if (queue.size === 0) this.#queues.delete(caller);
        response.off('close', giveUp);
        resolve(isIn);
      };
      const letIn = (): void => {
        settle(true);
        this.#hold(caller, response);
      };
      const giveUp = (): void => settle(false);
      const tooLong = setTimeout(giveUp, this.#options.maxQueuedMs);
      this.#queues.set(caller, queue.add(letIn));
      this.#freeInQueue -= 1;
      response.once('close', giveUp);
    });
  }

  /** Until the response is closed. */
  #hold(caller: string, response: ServerResponse): void {
    this.#free -= 1;
    this.#held.set(caller, this.#heldBy(caller) + 1);
    response.once('close', () => {
      const others = this.#heldBy(caller) - 1;
      if (others === 0) this.#held.delete(caller);
      else this.#held.set(caller, others);
      this.#free += 1;
      this.#letWaitingIn();
    });
  }

  /** One call of each caller that may have a slot; that caller comes last then, and is looked at again. */
  #letWaitingIn(): void {
    for (const [caller, queue] of this.#queues) {
      if (this.#free === 0) return;
      if (!leavesEnough(this.#heldBy(caller), this.#free)) continue;
      this.#queues.delete(caller);
      this.#queues.set(caller, queue);
      const [letIn] = queue;
      letIn?.();
    }
  }

  #heldBy(caller: string): number {
    return this.#held.get(caller) ?? 0;
  }
}
