import { createLatencies, type Latencies, type Percentiles } from '@org/measure/latencies';
import type { CallRecord } from './run-flow.js';

/** What clients saw of one tool. */
export interface ToolSummary {
  readonly tool: string;
  readonly calls: number;
  readonly errors: number;
  /** From the intended start. */
  readonly fromStart: Percentiles;
  readonly fromSend: Percentiles;
}

/** What clients saw of a run, without its warm-up. */
export interface ClientSummary {
  /** In alphabetical order. */
  readonly tools: readonly ToolSummary[];
  readonly calls: number;
  /** How often each code came. */
  readonly errorCodes: Readonly<Record<string, number>>;
  /** From the intended start of a flow to its first send. */
  readonly sendLag: Percentiles;
}

export interface Recorder {
  readonly record: (call: CallRecord) => void;
  readonly recordSendLag: (ms: number) => void;
  readonly summary: () => ClientSummary;
}

interface Tally {
  errors: number;
  readonly fromStart: Latencies;
  readonly fromSend: Latencies;
}

export function createRecorder(): Recorder {
  const tallies = new Map<string, Tally>();
  const errorCodes: Record<string, number> = {};
  const sendLag = createLatencies();
  return {
    record({ tool, intendedMs, sentMs, endMs, errorCode }) {
      const tally = tallies.get(tool) ?? { errors: 0, fromStart: createLatencies(), fromSend: createLatencies() };
      tallies.set(tool, tally);
      tally.fromStart.record(endMs - intendedMs);
      tally.fromSend.record(endMs - sentMs);
      if (errorCode === undefined) return;
      tally.errors += 1;
      errorCodes[errorCode] = (errorCodes[errorCode] ?? 0) + 1;
    },
    recordSendLag: sendLag.record,
    summary: () => {
      const tools = [...tallies].map(([tool, { errors, fromStart, fromSend }]) => ({
        tool,
        calls: fromSend.count(),
        errors,
        fromStart: fromStart.percentiles(),
        fromSend: fromSend.percentiles(),
      }));
      return {
        tools: tools.toSorted((a, b) => a.tool.localeCompare(b.tool)),
        calls: tools.reduce((sum, { calls }) => sum + calls, 0),
        errorCodes: { ...errorCodes },
        sendLag: sendLag.percentiles(),
      };
    },
  };
}
