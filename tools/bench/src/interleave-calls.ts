import type { RowContext, Sample } from './row.js';
import { quantile } from './statistics.js';
import { inOrderOf } from './take-turns.js';

/** Makes one call, and says how long what counts of it took, in milliseconds. */
export type TimedCall = () => Promise<number>;

/** How long something takes, in milliseconds. */
export async function timeOf(run: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await run();
  return performance.now() - startMs;
}

/**
 * Times calls one after the other, one of each variant in turn: whatever else the machine does meets all of them alike.
 * Each turn goes through the groups in their order, and through each of them in another one.
 *
 * @param times how many calls of each variant
 */
export async function interleaveCalls(
  groups: readonly ReadonlyMap<string, TimedCall>[],
  times: number,
  { signal }: Pick<RowContext, 'signal'>,
): Promise<Map<string, Sample>> {
  const latenciesMs = new Map(groups.flatMap((group) => [...group.keys()]).map((name) => [name, [] as number[]]));
  for (let turn = 0; turn < times; turn += 1) {
    for (const group of groups) {
      for (const [name, call] of inOrderOf(turn, [...group])) {
        signal.throwIfAborted();
        latenciesMs.get(name)?.push(await call());
      }
    }
  }
  return new Map(
    [...latenciesMs].map(([name, values]) => [name, { p50Ms: quantile(values, 0.5), p95Ms: quantile(values, 0.95) }]),
  );
}
