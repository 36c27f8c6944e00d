import { createLatencies, type Percentiles } from './latencies.js';
import type { CallRecord } from './run-flow.js';
import { createTally, type ToolSummary } from './tally.js';

/** What clients saw of a run, without its warm-up. */
export interface ClientSummary {
  /** By name. */
  readonly tools: readonly ToolSummary[];
  readonly calls: number;
  /** How often each code came. */
  readonly errorCodes: Readonly<Record<string, number>>;
  /** How late flows were sent. */
  readonly sendLag?: Percentiles | undefined;
  /** What MCP takes without a tool: for comparison. */
  readonly ping?: Percentiles | undefined;
  readonly timeline: readonly TimelinePoint[];
}

/** What was answered since the point before, warm-up included. */
export interface TimelinePoint {
  /** From the beginning of the run. */
  readonly atSeconds: number;
  readonly callsPerSecond: number;
  readonly errorsPerSecond: number;
  /** From the intended start, in milliseconds. Absent: nothing was answered. */
  readonly all?: Percentiles | undefined;
  readonly p95OfTools: Readonly<Record<string, number>>;
}

export interface Recorder {
  readonly record: (call: CallRecord, options: { readonly isWarmup: boolean }) => void;
  readonly recordSendLag: (ms: number) => void;
  readonly recordPing: (ms: number) => void;
  /** Ends a point of the timeline. */
  readonly tick: () => TimelinePoint;
  readonly summary: () => ClientSummary;
}

export function createRecorder(): Recorder {
  const startMs = performance.now();
  const [total, recent] = [createTally(), createTally()];
  const [sendLag, ping] = [createLatencies(), createLatencies()];
  const timeline: TimelinePoint[] = [];
  let tickMs = startMs;

  return {
    record(call, { isWarmup }) {
      recent.count(call);
      if (!isWarmup) total.count(call);
    },
    recordSendLag: sendLag.record,
    recordPing: ping.record,
    tick() {
      const nowMs = performance.now();
      const seconds = (nowMs - tickMs) / 1000;
      const tools = recent.tools();
      const point: TimelinePoint = {
        atSeconds: (nowMs - startMs) / 1000,
        callsPerSecond: recent.calls() / seconds,
        errorsPerSecond: tools.reduce((sum, { errors }) => sum + errors, 0) / seconds,
        all: recent.all(),
        p95OfTools: Object.fromEntries(
          tools.map(({ tool, fromStart, fromSend }) => [tool, (fromStart ?? fromSend).p95]),
        ),
      };
      timeline.push(point);
      recent.reset();
      tickMs = nowMs;
      return point;
    },
    summary: () => ({
      tools: total.tools(),
      calls: total.calls(),
      errorCodes: total.errorCodes(),
      sendLag: sendLag.percentiles(),
      ping: ping.percentiles(),
      timeline,
    }),
  };
}
