/** Counts the cases of each kind that reached a tool. It reveals a generator whose cases all fail the first checks. */
export class ReachedTools {
  readonly #counts = new Map<string, { sent: number; reached: number }>();

  count(kind: string, answer: string): void {
    const counts = this.#counts.get(kind) ?? { sent: 0, reached: 0 };
    this.#counts.set(kind, counts);
    counts.sent += 1;
    if (isOfTool(answer)) counts.reached += 1;
  }

  /** The share of each kind that was sent often enough to judge. */
  get shares(): readonly number[] {
    const often = [...this.#counts.values()].filter(({ sent }) => sent >= 200);
    return often.map(({ sent, reached }) => reached / sent);
  }
}

/** Returns true if a tool succeeded or refused. Bad arguments do not reach a tool. */
const isOfTool = (answer: string): boolean =>
  answer.includes('"structuredContent":{') && !answer.includes('"code":"VALIDATION_ERROR"');
