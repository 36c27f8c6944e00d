/** Returns the message for unknown names: the known names that the caller most likely meant, then all known names. */
export function unknownProblem(unknown: readonly string[], known: readonly string[]): string {
  const meant = new Set(unknown.flatMap((name) => nearestName(name, known) ?? []));
  const all = known.join(', ');
  return meant.size === 0
    ? `unknown; known are ${all}`
    : `unknown; did you mean ${[...meant].join(', ')}? Known are ${all}`;
}

/** No argument has a longer name, so a longer one is not a typing error. */
const longestName = 40;

/**
 * Returns the known name that is most similar to a name, or undefined if none is. Ignores case, underscores and hyphens. At
 * most a third of the letters may differ.
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  if (name.length > longestName) return undefined;
  const [nearest] = known
    .map((candidate) => ({ candidate, distance: distanceBetween(folded(name), folded(candidate)) }))
    .filter(({ candidate, distance }) => distance <= Math.max(name.length, candidate.length) / 3)
    .toSorted((a, b) => a.distance - b.distance);
  return nearest?.candidate;
}

const folded = (name: string): string => name.toLowerCase().replaceAll(/[_-]/g, '');

/** Returns the Levenshtein distance: how many letters must be added, removed or replaced. */
function distanceBetween(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1];
    for (let at = 1; at <= to.length; at += 1) {
      const replaced = (row[at - 1] ?? 0) + (letter === to[at - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[at] ?? 0) + 1, (next[at - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
