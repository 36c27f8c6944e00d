/** Prints an empty line between the scenes. */
export const narrate = (line = ''): void => {
  process.stdout.write(`${line}\n`);
};

/** Prints one line of the story, with the name of the agent that acts. */
export function tell(name: string, line: string): void {
  process.stdout.write(`${name.padEnd(12)} ${line}\n`);
}

export const milliseconds = (ms: number): string => `${ms.toFixed(1)} ms`;

export const bytes = (count: number): string =>
  count < 1024 * 1024 ? `${(count / 1024).toFixed(1)} KiB` : `${(count / 1024 / 1024).toFixed(2)} MiB`;

/** The median and the 95th percentile of some durations. */
export function quantiles(durations: readonly number[]): string {
  const sorted = durations.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return `p50 ${milliseconds(at(0.5))}, p95 ${milliseconds(at(0.95))}`;
}
