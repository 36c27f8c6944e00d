/**
 * Counts how many units of a limited resource each caller holds, and keeps one caller from taking all of them. It needs no
 * list of callers: what a caller may hold follows from how much is free.
 */
export class FairShares {
  readonly #size: number;
  /** Only callers that hold something have an entry. */
  readonly #held = new Map<string, number>();
  #free: number;

  constructor(size: number) {
    this.#size = size;
    this.#free = size;
  }

  get taken(): number {
    return this.#size - this.#free;
  }

  get free(): number {
    return this.#free;
  }

  /**
   * Returns true if the caller holds less than three times what is free. A single caller gets three quarters of all units.
   * Several greedy callers get equal shares, and a part stays free for one more caller.
   */
  mayTakeMore(caller: string): boolean {
    return this.#heldBy(caller) < 3 * this.#free;
  }

  take(caller: string, units = 1): void {
    this.#free -= units;
    this.#held.set(caller, this.#heldBy(caller) + units);
  }

  giveBack(caller: string, units = 1): void {
    this.#free += units;
    const held = this.#heldBy(caller) - units;
    if (held === 0) this.#held.delete(caller);
    else this.#held.set(caller, held);
  }

  #heldBy(caller: string): number {
    return this.#held.get(caller) ?? 0;
  }
}
