import { randomUUID } from 'node:crypto';
import { ProtocolError } from '@modelcontextprotocol/server';
import type { ContextStore, McpRequest, RequestCaller } from '@org/domain';
import { finishedCall, subjectOfRead, type OnCall, type ReadMethod } from './finished-call.js';
import { roundedMs } from './tools/observe-calls.js';

export interface Read {
  readonly method: ReadMethod;
  readonly params: object | undefined;
  /** Apart from the caller, whose calls of the store are traced as tool calls if they have it. */
  readonly request: McpRequest;
}

/** Runs a request other than a tool call for a caller. */
export type RunRead = <T>(read: Read, caller: RequestCaller, run: (caller: RequestCaller) => Promise<T>) => Promise<T>;

/** Returns a function that runs reads, and reports each answered one to `onCall`. */
export function observeReads(contextStore: ContextStore, onCall: OnCall | undefined): RunRead {
  if (onCall === undefined) return (_read, caller, run) => run(caller);
  return async ({ method, params, request }, calling, run) => {
    const caller = { ...calling, requestId: calling.requestId ?? randomUUID() };
    const startedMs = performance.now();
    let outcome = 'ok';
    try {
      return await run(caller);
    } catch (error) {
      outcome = outcomeOf(error);
      throw error;
    } finally {
      const durationMs = roundedMs(performance.now() - startedMs);
      const subject = subjectOfRead(method, { ...params });
      onCall(finishedCall(contextStore, subject, { ...caller, request }, { outcome, durationMs }));
    }
  };
}

/** The code of the product's error, which the protocol's error contains, or else the protocol's own. */
function outcomeOf(error: unknown): string {
  if (!(error instanceof ProtocolError)) return 'INTERNAL_ERROR';
  const { code } = (error.data ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' ? code : String(error.code);
}
