/**
 * Does a few things at a time. Groups that have more in line take turns, however much each has there; what is of one group is
 * done as it came.
 */
export class Turns {
  /** What begins, of each group that has something in line, the next group first. */
  readonly #lines = new Map<string, (() => void)[]>();
  #free: number;

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  /** Does this when its turn has come. */
  async take<Result>(group: string, act: () => Promise<Result>): Promise<Result> {
    if (this.#free > 0) this.#free -= 1;
    else await this.#turnOf(group);
    try {
      return await act();
    } finally {
      this.#passOn();
    }
  }

  #turnOf(group: string): Promise<void> {
    return new Promise((begin) => {
      const line = this.#lines.get(group);
      if (line === undefined) this.#lines.set(group, [begin]);
      else line.push(begin);
    });
  }

  #passOn(): void {
    const [next] = this.#lines;
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    const [group, line] = next;
    this.#lines.delete(group);
    const begin = line.shift();
    if (line.length > 0) this.#lines.set(group, line);
    begin?.();
  }
}
