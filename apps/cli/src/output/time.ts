const units = [
  { name: 's', ms: 1000 },
  { name: 'min', ms: 60_000 },
  { name: 'h', ms: 3_600_000 },
  { name: 'days', ms: 86_400_000 },
] as const;

/** Beyond this, a date says more than a number of days. */
const longestMs = 60 * 86_400_000;

/** Returns how far a time is from now, such as `3 min ago` or `in 2 h`; or its date if that is long. */
export function relativeTime(iso: string, nowMs: number): string {
  const ms = nowMs - Date.parse(iso);
  const distanceMs = Math.abs(ms);
  if (distanceMs < 1000) return 'now';
  if (distanceMs >= longestMs) return iso.slice(0, 'YYYY-MM-DD'.length);
  const unit = units.findLast((candidate) => distanceMs >= candidate.ms) ?? units[0];
  const count = Math.floor(distanceMs / unit.ms);
  const amount = `${count} ${unit.name === 'days' && count === 1 ? 'day' : unit.name}`;
  return ms > 0 ? `${amount} ago` : `in ${amount}`;
}
