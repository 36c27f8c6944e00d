import type { Part } from './observer.js';
import type { ClientSummary, TimelinePoint } from './recorder.js';
import type { ServerSummary } from './server-metrics.js';

/** What `report.json` holds. Absent: it could not be measured. */
export interface LoadReport {
  readonly scenario: string;
  readonly title: string;
  readonly startedAt: string;
  readonly driver: 'open loop' | 'Artillery';
  /** Whether the driver was given a core before other processes. Absent: Artillery never is. */
  readonly hasPrecedence?: boolean | undefined;
  /** Why the figures mean nothing; none: they do. */
  readonly voidBecause: readonly string[];
  /** Why it ended before its time. */
  readonly endedEarly?: string | undefined;
  /** What the server said last. Absent: it did not end before the run. */
  readonly lastLog?: readonly string[] | undefined;
  readonly environment: Readonly<Record<string, string>>;
  readonly workload: Readonly<Record<string, string>>;
  /** How long calls were counted. */
  readonly seconds: number;
  readonly client: ClientSummary;
  readonly server?: ServerSummary | undefined;
  readonly agreement: readonly Agreement[];
  readonly parts: Readonly<Partial<Record<Part, PartUsage>>>;
  readonly machine: MachineUsage;
  readonly figures: Figures;
  readonly verdicts: readonly Verdict[];
  readonly timeline: readonly ReportPoint[];
}

export interface PartUsage {
  /** 1: one core, all of it. */
  readonly cores: number;
  /** The most that was seen. */
  readonly memoryBytes: number;
}

export interface MachineUsage {
  /** Of all cores, by all processes but the driver. */
  readonly cpuShare?: number | undefined;
  /** Of all cores, by processes that have no part in the run. */
  readonly othersShare?: number | undefined;
  /** Of all cores, by the host of a virtual machine, which gave them to others. */
  readonly stolenShare?: number | undefined;
  /** The most that was seen. */
  readonly memoryShare?: number | undefined;
}

/** What a client measured from the send, and the server from the arguments to the answer. */
export interface Agreement {
  readonly tool: string;
  readonly percentile: 'p50' | 'p95' | 'p99';
  readonly clientMs: number;
  /** The server's figure lies between these. */
  readonly serverMs: readonly [above: number, atMost: number];
  /** What a ping took at the same percentile: HTTP, MCP, and the wait for either side's event loop. */
  readonly pingMs?: number | undefined;
  readonly outcome: 'within the bucket' | 'explained by a ping' | 'client slower' | 'client faster';
}

/** What is judged. */
export interface Figures {
  /** Of the tool that is slowest, from the intended start where that is known. Infinity: no call was answered. */
  readonly p95Ms: number;
  /** 1: no call was answered. */
  readonly errorShare: number;
  readonly cpuShare?: number | undefined;
  readonly memoryShare?: number | undefined;
}

/** One bar; without a value and a verdict where it could not be measured. */
export interface Verdict {
  readonly bar: string;
  readonly value?: string | undefined;
  readonly holds?: boolean | undefined;
}

/** A point of the timeline, with what was seen then. */
export interface ReportPoint extends TimelinePoint {
  /** Since the point before; 1: one core. */
  readonly cores: Readonly<Partial<Record<Part, number>>>;
  readonly heapBytes?: number | undefined;
  readonly residentBytes?: number | undefined;
  readonly eventLoopLagP99Ms?: number | undefined;
  readonly poolInUse?: number | undefined;
}
