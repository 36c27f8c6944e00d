/** Counts how many cases of each kind came as far as a tool, so that a generator whose cases are all refused at the door is found out. */
export class ReachedTools {
  readonly #counts = new Map<string, { sent: number; reached: number }>();

  count(kind: string, answer: string): void {
    const counts = this.#counts.get(kind) ?? { sent: 0, reached: 0 };
    this.#counts.set(kind, counts);
    counts.sent += 1;
    if (isOfTool(answer)) counts.reached += 1;
  }

  /** Of the cases of each kind that was sent often enough to tell. */
  get shares(): readonly number[] {
    const often = [...this.#counts.values()].filter(({ sent }) => sent >= 200);
    return often.map(({ sent, reached }) => reached / sent);
  }
}

/** Whether a tool did what it was asked, or said why it does not; bad arguments reach none. */
const isOfTool = (answer: string): boolean =>
  answer.includes('"structuredContent":{') && !answer.includes('"code":"VALIDATION_ERROR"');
