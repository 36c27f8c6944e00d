/**
 * Takes the items so that each has its share of any long enough stretch, and as evenly as can be: of two with weights 7 and
 * 2, the second comes about every fifth time. (Smooth weighted round-robin.)
 */
export function takeByWeight<T extends { readonly weight: number }>(items: readonly T[]): () => T {
  const total = items.reduce((sum, { weight }) => sum + weight, 0);
  const credits = items.map((item) => ({ item, credit: 0 }));
  return () => {
    for (const entry of credits) entry.credit += entry.item.weight;
    const richest = credits.reduce((best, entry) => (entry.credit > best.credit ? entry : best));
    richest.credit -= total;
    return richest.item;
  };
}
