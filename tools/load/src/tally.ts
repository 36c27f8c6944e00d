import { createLatencies, type Latencies, type Percentiles } from './latencies.js';
import type { CallRecord } from './run-flow.js';

/** What clients saw of one tool. */
export interface ToolSummary {
  readonly tool: string;
  readonly calls: number;
  readonly errors: number;
  /** From the intended start. Absent where that is not known. */
  readonly fromStart?: Percentiles | undefined;
  readonly fromSend: Percentiles;
}

/** Calls, counted by tool. */
export interface Tally {
  readonly count: (call: CallRecord) => void;
  /** By name; those that were called. */
  readonly tools: () => ToolSummary[];
  /** Of all of them, from the intended start. Undefined: nothing was called. */
  readonly all: () => Percentiles | undefined;
  readonly calls: () => number;
  /** How often each code came. */
  readonly errorCodes: () => Record<string, number>;
  readonly reset: () => void;
}

interface ToolTally {
  errors: number;
  readonly fromStart: Latencies;
  readonly fromSend: Latencies;
}

export function createTally(): Tally {
  const tools = new Map<string, ToolTally>();
  const all = createLatencies();
  let errorCodes: Record<string, number> = {};

  function tallyOf(tool: string): ToolTally {
    const known = tools.get(tool) ?? { errors: 0, fromStart: createLatencies(), fromSend: createLatencies() };
    tools.set(tool, known);
    return known;
  }

  return {
    count({ tool, intendedMs, sentMs, endMs, errorCode }) {
      const tally = tallyOf(tool);
      tally.fromStart.record(endMs - intendedMs);
      tally.fromSend.record(endMs - sentMs);
      all.record(endMs - intendedMs);
      if (errorCode === undefined) return;
      tally.errors += 1;
      errorCodes[errorCode] = (errorCodes[errorCode] ?? 0) + 1;
    },
    tools: () => [...tools].flatMap(summaryOf).toSorted((a, b) => a.tool.localeCompare(b.tool)),
    all: all.percentiles,
    calls: all.count,
    errorCodes: () => errorCodes,
    reset() {
      for (const tally of tools.values()) {
        tally.errors = 0;
        tally.fromStart.reset();
        tally.fromSend.reset();
      }
      all.reset();
      errorCodes = {};
    },
  };
}

function summaryOf([tool, { errors, fromStart, fromSend }]: [string, ToolTally]): ToolSummary[] {
  const percentiles = fromSend.percentiles();
  return percentiles === undefined
    ? []
    : [{ tool, calls: fromSend.count(), errors, fromStart: fromStart.percentiles(), fromSend: percentiles }];
}
