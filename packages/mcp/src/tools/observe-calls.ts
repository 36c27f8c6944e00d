import { randomUUID } from 'node:crypto';
import type { McpRequest } from '@org/domain';
import type { CallTool } from './call-tool.js';

/** A call of a tool that was answered. */
export interface FinishedCall {
  readonly requestId: string;
  readonly tool: string;
  /** `ok`, or the error's code. */
  readonly outcome: string;
  readonly durationMs: number;
  /** By it, the telemetry knows the call's trace. */
  readonly request: McpRequest | undefined;
}

/** The same calls; `onCall` hears of each when it is answered. */
export function observeCalls(callTool: CallTool, onCall: (call: FinishedCall) => void): CallTool {
  return async (tool, given, caller) => {
    const requestId = caller.requestId ?? randomUUID();
    const started = performance.now();
    const result = await callTool(tool, given, { ...caller, requestId });
    const outcome = result.isError === true ? (result.structuredContent as { code: string }).code : 'ok';
    const durationMs = Math.round((performance.now() - started) * 10) / 10;
    onCall({ requestId, tool, outcome, durationMs, request: caller.request });
    return result;
  };
}
