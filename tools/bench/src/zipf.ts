/** Picks session numbers from 1: the k-th 1/k times as often as the first. */
export function zipf(sessions: number): () => number {
  let total = 0;
  const sums = Array.from({ length: sessions }, (_, index) => (total += 1 / (index + 1)));
  return () => {
    const wanted = Math.random() * total;
    return 1 + sums.findIndex((sum) => sum >= wanted);
  };
}
