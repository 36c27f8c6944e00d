/** `void`: what was measured tells nothing of the server. */
export type Outcome = 'holds' | 'fails' | 'void';

/** What one rate came to. */
export interface Step<Result> {
  readonly rate: number;
  readonly outcome: Outcome;
  readonly result: Result;
}

export interface FindKneeOptions<Result> {
  readonly firstRate: number;
  /** Tries a rate for long enough to tell. */
  readonly attempt: (rate: number) => Promise<Omit<Step<Result>, 'rate'>>;
  /** Ends the search, with what was found so far. */
  readonly isOver: () => boolean;
}

export interface Knee<Result> {
  /** The highest rate that holds. Absent: none does. */
  readonly held?: Step<Result> | undefined;
  /** The lowest rate above it that does not. Absent: the search was over before. Void: the knee may be anywhere above. */
  readonly beyond?: Step<Result> | undefined;
  /** In the order of the search. */
  readonly steps: readonly Step<Result>[];
}

const growth = 1.5;
/** How close the two rates come together. */
const precision = 1.05;
/** Something else may have been busy the first time. */
const attemptsWhenVoid = 3;

/** Finds the highest rate that holds: grows it until one does not (or shrinks it until one does), then halves the gap. */
export async function findKnee<Result>(options: FindKneeOptions<Result>): Promise<Knee<Result>> {
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
      // It was cut off.
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
