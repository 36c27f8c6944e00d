/** `void` if what was measured says nothing of the server. */
export type Outcome = 'holds' | 'fails' | 'void';

export interface Capacity {
  /** The highest rate that holds, if any does. */
  readonly held?: number | undefined;
  /** The lowest rate above it that fails or is void. Undefined if the search ended before. */
  readonly beyond?: { readonly rate: number; readonly outcome: Outcome } | undefined;
}

const growth = 1.5;
/** The search ends when the two rates are this close. */
const precision = 1.05;
/** Other work of the machine may have disturbed the first attempt. */
const attemptsWhenVoid = 3;

/**
 * Finds the highest rate that holds: grows it until one fails (or shrinks it until one holds), then halves the gap.
 *
 * @param attempt tries a rate for long enough to judge it. If it resolves to undefined, the search ends.
 */
export async function findCapacity(
  firstRate: number,
  attempt: (rate: number) => Promise<Outcome | undefined>,
): Promise<Capacity> {
  let held: number | undefined;
  let beyond: Capacity['beyond'];
  let rate = firstRate;
  while (rate !== held && rate !== beyond?.rate) {
    let outcome: Outcome | undefined = 'void';
    for (let tried = 0; outcome === 'void' && tried < attemptsWhenVoid; tried += 1) outcome = await attempt(rate);
    if (outcome === undefined) break;
    if (outcome === 'holds') held = rate;
    else beyond = { rate, outcome };
    if (held !== undefined && beyond !== undefined && beyond.rate / held <= precision) break;
    rate = Math.max(1, Math.round(nextRate(held, beyond?.rate)));
  }
  return { held, beyond };
}

function nextRate(held: number | undefined, beyond: number | undefined): number {
  if (beyond === undefined) return (held ?? 1) * growth;
  return held === undefined ? beyond / growth : Math.sqrt(held * beyond);
}
