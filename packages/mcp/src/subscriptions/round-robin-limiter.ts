/**
 * Limits how many tasks run at once. Groups with waiting tasks take turns, one task each, however many each group has
 * waiting. The tasks of one group run in the order in which they came.
 */
export class RoundRobinLimiter {
  /** Starts the waiting tasks of each group that has any. The first group is next. */
  readonly #waiting = new Map<string, (() => void)[]>();
  #free: number;

  constructor(maxConcurrent: number) {
    this.#free = maxConcurrent;
  }

  async run<Result>(group: string, task: () => Promise<Result>): Promise<Result> {
    if (this.#free > 0) this.#free -= 1;
    else await this.#turnOf(group);
    try {
      return await task();
    } finally {
      this.#startNext();
    }
  }

  #turnOf(group: string): Promise<void> {
    return new Promise((start) => {
      const starts = this.#waiting.get(group);
      if (starts === undefined) this.#waiting.set(group, [start]);
      else starts.push(start);
    });
  }

  #startNext(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    const [group, starts] = next;
    // Added again, the group is the last one.
    this.#waiting.delete(group);
    const start = starts.shift();
    if (starts.length > 0) this.#waiting.set(group, starts);
    start?.();
  }
}
