import { randomUUID } from 'node:crypto';
import type { CallToolResult } from '@modelcontextprotocol/server';
import { ContextStoreError, type Caller, type ErrorBody, type ErrorCode, type McpRequest } from '@org/domain';

/** An error as a client receives it. `requestId` leads to the log line of what stays inside. */
export interface ReportedError extends ErrorBody {
  readonly requestId: string;
}

/** Which call failed. */
export interface FailedCall {
  /** Also in the client's answer. */
  readonly requestId: string;
  /** Absent: what failed is no call of a tool. */
  readonly tool?: string | undefined;
  /** By it, the telemetry knows the call's trace. */
  readonly request?: McpRequest | undefined;
}

/** Hears of errors that the operator should look at, with what the client must not see: the cause. */
export type OnError = (error: ContextStoreError, call: FailedCall) => void;

const operatorsBusiness: ReadonlySet<ErrorCode> = new Set(['INTERNAL_ERROR', 'STORE_UNAVAILABLE', 'OVERLOADED']);

/** What a client may learn of anything that was thrown; a stranger among errors becomes an INTERNAL_ERROR. */
export function reportError(
  thrown: unknown,
  { requestId = randomUUID(), request }: Caller,
  onError: OnError | undefined,
  tool?: string,
): ReportedError {
  const error =
    thrown instanceof ContextStoreError
      ? thrown
      : new ContextStoreError(
          'INTERNAL_ERROR',
          'Something went wrong inside the server; please report it.',
          {},
          { cause: thrown },
        );
  if (operatorsBusiness.has(error.code)) onError?.(error, { requestId, tool, request });
  return { ...error.toJSON(), requestId };
}

/** A tool's failure is a result: the model should read it and act on it. */
export function errorResult(error: ReportedError): CallToolResult {
  return { ...jsonResult({ ...error }), isError: true };
}

/** The same JSON twice: some clients show the model only `structuredContent`, older ones know only `content`. */
export function jsonResult(structuredContent: { [key: string]: unknown }): CallToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(structuredContent) }], structuredContent };
}
