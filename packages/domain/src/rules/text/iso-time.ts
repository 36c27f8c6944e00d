const dayMs = 86_400_000;

/** The last day that was asked for: the entries of a page are of few days. */
let [day, date] = [NaN, ''];

/** Writes a time as `Date.prototype.toISOString` does, in a fifth of the time. Pages hold many times. */
export function isoTime(ms: number): string {
  const today = Math.floor(ms / dayMs);
  if (today !== day) [day, date] = [today, new Date(ms).toISOString().slice(0, -'00:00:00.000Z'.length)];
  const rest = Math.floor(ms) - today * dayMs;
  const [hours, minutes, seconds] = [
    Math.floor(rest / 3_600_000),
    Math.floor(rest / 60_000) % 60,
    Math.floor(rest / 1000) % 60,
  ];
  return `${date}${two(hours)}:${two(minutes)}:${two(seconds)}.${String(rest % 1000).padStart(3, '0')}Z`;
}

const two = (count: number): string => (count < 10 ? `0${count}` : String(count));
