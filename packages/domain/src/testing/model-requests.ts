import type { Idempotency } from '../ports/store.js';
import { tickMs, type Relative } from './model-script.js';

/** Absent stays absent. */
export const inMs = (ticks: number | undefined): number | undefined =>
  ticks === undefined ? undefined : ticks * tickMs;

export const relativeTo = (value: number | undefined, relative: Relative | undefined): number | undefined =>
  value === undefined || relative === undefined ? undefined : Math.max(0, value + relative);

export const idempotency = (key: string | undefined, tool: string, input: object): Idempotency | undefined =>
  key === undefined ? undefined : { key, tool, requestHash: JSON.stringify(input) };

/** A request without what is the same in all of them. */
export const shown = (request: unknown): string =>
  JSON.stringify(request, (name, value: unknown) =>
    name === 'namespace' || name === 'requestHash' ? undefined : value,
  );
