import type { McpClient } from '@org/measure/mcp-client';
import type { Flow } from './scenario.js';
import { fillArguments, valueAt, type Variables } from './template.js';

/** One call, on the clock of `performance.now()`. */
export interface CallRecord {
  readonly tool: string;
  /** When it was due. The first call of a flow is due when the flow is, even if the driver is late. */
  readonly intendedMs: number;
  readonly sentMs: number;
  readonly endMs: number;
  /** Undefined if it succeeded. */
  readonly errorCode: string | undefined;
}

export interface RunFlowOptions {
  readonly flow: Flow;
  readonly variables: Variables;
  readonly client: Pick<McpClient, 'callTool'>;
  readonly intendedMs: number;
  readonly record: (call: CallRecord) => void;
}

/** Makes the calls of a flow, up to the first one that fails. Never throws. */
export async function runFlow({ flow, variables, client, intendedMs, record }: RunFlowOptions): Promise<void> {
  const known: Record<string, string> = { ...variables };
  let dueMs = intendedMs;
  for (const { tool, arguments: template, capture } of flow.flow) {
    const args = fillArguments(template, known);
    const sentMs = performance.now();
    const answer = await client.callTool(tool, args);
    const endMs = performance.now();
    const problem = 'errorCode' in answer ? answer.errorCode : captureInto(known, answer.result, capture);
    record({ tool, intendedMs: dueMs, sentMs, endMs, errorCode: problem });
    if (problem !== undefined) return;
    dueMs = endMs;
  }
}

/** Keeps what later calls need. Returns what the result lacks, if anything. */
function captureInto(
  known: Record<string, string>,
  result: unknown,
  capture: Readonly<Record<string, string>>,
): string | undefined {
  for (const [name, path] of Object.entries(capture)) {
    const value = valueAt(result, path);
    if (value === undefined) return `no ${path} in the result`;
    known[name] = value;
  }
  return undefined;
}
