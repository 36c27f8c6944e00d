import { randomUUID } from 'node:crypto';
import type { McpRequest } from '@org/domain';
import type { CallTool } from './call-tool.js';

/** A tool call that was answered. */
export interface FinishedCall {
  readonly requestId: string;
  readonly tool: string;
  /** `ok`, or the code of the error. */
  readonly outcome: string;
  readonly durationMs: number;
  /** The telemetry finds the call's trace by this. */
  readonly request: McpRequest | undefined;
}

/** Calls tools as `callTool` does, and reports each answered call to `onCall`. */
export function observeCalls(callTool: CallTool, onCall: (call: FinishedCall) => void): CallTool {
  return async (tool, given, caller) => {
    const requestId = caller.requestId ?? randomUUID();
    const startedMs = performance.now();
    const result = await callTool(tool, given, { ...caller, requestId });
    const outcome = result.isError === true ? (result.structuredContent as { code: string }).code : 'ok';
    const durationMs = Math.round((performance.now() - startedMs) * 10) / 10;
    onCall({ requestId, tool, outcome, durationMs, request: caller.request });
    return result;
  };
}
