import { randomUUID } from 'node:crypto';
import type { ContextStore, UseCaseName } from '@org/domain';
import { finishedCall, subjectOfTool, type OnCall } from '../finished-call.js';
import type { CallTool } from './call-tool.js';

/** Calls tools as `callTool` does, and reports each answered call to `onCall`. */
export function observeCalls(callTool: CallTool, contextStore: ContextStore, onCall: OnCall): CallTool {
  return async (tool, given, calling) => {
    const caller = { ...calling, requestId: calling.requestId ?? randomUUID() };
    const startedMs = performance.now();
    const result = await callTool(tool, given, caller);
    const durationMs = roundedMs(performance.now() - startedMs);
    const answer = result.structuredContent as { readonly code: string; readonly replayed?: true };
    const outcome = result.isError === true ? answer.code : 'ok';
    // A tool that does not exist has thrown.
    const subject = subjectOfTool(tool as UseCaseName, given, { ...answer });
    const isReplay = answer.replayed;
    onCall(finishedCall(contextStore, subject, caller, { outcome, durationMs, isReplay }));
    return result;
  };
}

export const roundedMs = (ms: number): number => Math.round(ms * 10) / 10;
