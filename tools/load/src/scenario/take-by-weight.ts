/** Takes items in turn by their weights, spread as evenly as possible (smooth weighted round-robin). */
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
