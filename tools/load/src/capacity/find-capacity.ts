/** `void` if what was measured says nothing of the server. */
export type Outcome = 'holds' | 'fails' | 'void';

/** What came of one rate. */
export interface Step<Result> {
  readonly rate: number;
  readonly outcome: Outcome;
  readonly result: Result;
}

export interface FindCapacityOptions<Result> {
  readonly firstRate: number;
  /** Tries a rate for long enough to judge it. */
  readonly attempt: (rate: number) => Promise<Omit<Step<Result>, 'rate'>>;
  /** Returns true to end the search. */
  readonly isOver: () => boolean;
}

export interface Capacity<Result> {
  /** The highest rate that holds, if any does. */
  readonly held?: Step<Result> | undefined;
  /** The lowest rate above it that fails or is void. Absent if the search ended before. */
  readonly beyond?: Step<Result> | undefined;
  /** In the order of the search. */
  readonly steps: readonly Step<Result>[];
}

const growth = 1.5;
/** The search ends when the two rates are this close. */
const precision = 1.05;
/** Other work of the machine may have disturbed the first attempt. */
const attemptsWhenVoid = 3;

/** Finds the highest rate that holds: grows it until one fails (or shrinks it until one holds), then halves the gap. */
export async function findCapacity<Result>(options: FindCapacityOptions<Result>): Promise<Capacity<Result>> {
  const { firstRate, attempt, isOver } = options;
  const steps: Step<Result>[] = [];
  let held: Step<Result> | undefined;
  let beyond: Step<Result> | undefined;
  let rate = firstRate;
  while (!isOver() && rate !== held?.rate && rate !== beyond?.rate) {
    let step: Step<Result>;
    let attempts = 0;
    do {
      step = { rate, ...(await attempt(rate)) };
      // The attempt was cut off.
      if (isOver()) return { held, beyond, steps };
      steps.push(step);
      attempts += 1;
    } while (step.outcome === 'void' && attempts < attemptsWhenVoid);
    if (step.outcome === 'holds') held = step;
    else beyond = step;
    if (beyond !== undefined && held !== undefined && beyond.rate / held.rate <= precision) break;
    rate = Math.max(1, Math.round(nextRate(held?.rate, beyond?.rate)));
  }
  return { held, beyond, steps };
}

function nextRate(held: number | undefined, beyond: number | undefined): number {
  if (beyond === undefined) return (held ?? 1) * growth;
  return held === undefined ? beyond / growth : Math.sqrt(held * beyond);
}
