/** Picks one of so many sessions, the k-th 1/k times as often as the first. */
export function zipf(sessions: number): () => number {
  const sums: number[] = [];
  for (let rank = 1; rank <= sessions; rank += 1) sums.push((sums.at(-1) ?? 0) + 1 / rank);
  const total = sums.at(-1) ?? 0;
  return () => {
    const wanted = Math.random() * total;
    let [low, high] = [0, sessions - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] ?? 0) < wanted) low = middle + 1;
      else high = middle;
    }
    return low + 1;
  };
}
