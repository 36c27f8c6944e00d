import { InvalidArgumentError } from 'commander';

const unitMs = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 } as const;
/** The longest period, so that every time in the file has a year of four digits. */
const longestMs = 100 * 365 * unitMs.d;

/** Reads a period such as `90d`, `24h` or `30m`. @returns milliseconds. @throws InvalidArgumentError */
export function parsePeriod(text: string): number {
  const ms = periodMs(text);
  if (ms !== undefined) return ms;
  throw new InvalidArgumentError('It must be a whole number with s, m, h, d or w, such as 24h.');
}

/** Reads the time of expiry: a period from now, or a date or time in ISO 8601; a date begins at midnight UTC. */
export function parseExpiry(text: string): Date {
  const ms = periodMs(text);
  if (ms !== undefined) return new Date(Date.now() + ms);
  const isTime = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/.test(text);
  const date = new Date(text);
  if (isTime && !Number.isNaN(date.getTime())) return date;
  throw new InvalidArgumentError('It must be a period such as 90d, a date such as 2030-01-31, or a time with Z.');
}

function periodMs(text: string): number | undefined {
  const [, count = '', unit = ''] = /^(\d{1,9})([smhdw])$/.exec(text) ?? [];
  const ms = Number(count) * unitMs[unit as keyof typeof unitMs];
  return ms > 0 && ms <= longestMs ? ms : undefined;
}
