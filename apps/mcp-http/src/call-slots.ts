import type { ServerResponse } from 'node:http';

export interface CallSlotsOptions {
  /** How many calls may be under way at once. */
  readonly size: number;
  /** How many more may wait for a slot, in the order in which they came. */
  readonly maxQueued: number;
  /** How long one may wait, in milliseconds. */
  readonly maxQueuedMs: number;
}

/** Bounds how many calls are under way at once. A call holds its slot until its response is closed, however that comes. */
export class CallSlots {
  readonly #options: CallSlotsOptions;
  /** Each lets one call in. */
  readonly #queue = new Set<() => void>();
  #free: number;

  constructor(options: CallSlotsOptions) {
    this.#options = options;
    this.#free = options.size;
  }

  /** How many calls are under way. */
  get taken(): number {
    return this.#options.size - this.#free;
  }

  /** How many wait for a slot. */
  get queued(): number {
    return this.#queue.size;
  }

  /** Waits for a slot. False: the queue is full, the wait was too long, or the client has gone. */
  async enter(response: ServerResponse): Promise<boolean> {
    if (response.destroyed) return false;
    if (this.#free === 0) return this.#queue.size < this.#options.maxQueued && this.#turn(response);
    this.#free -= 1;
    this.#hold(response);
    return true;
  }

  #turn(response: ServerResponse): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (isIn: boolean): void => {
        clearTimeout(tooLong);
        this.#queue.delete(letIn);
        response.off('close', giveUp);
        resolve(isIn);
      };
      const letIn = (): void => {
        settle(true);
        this.#hold(response);
      };
      const giveUp = (): void => settle(false);
      const tooLong = setTimeout(giveUp, this.#options.maxQueuedMs);
      this.#queue.add(letIn);
      response.once('close', giveUp);
    });
  }

  /** Until the response is closed; then the slot goes to the next in the queue, or is free. */
  #hold(response: ServerResponse): void {
    response.once('close', () => {
      const [letIn] = this.#queue;
      if (letIn === undefined) this.#free += 1;
      else letIn();
    });
  }
}
