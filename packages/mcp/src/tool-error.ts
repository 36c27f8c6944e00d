import { randomUUID } from 'node:crypto';
import type { CallToolResult } from '@modelcontextprotocol/server';
import { ContextStoreError, type ErrorBody } from '@org/domain';

/** An error as a client receives it. `requestId` leads to the log line of what stays inside. */
export interface ReportedError extends ErrorBody {
  readonly requestId: string;
}

/** Hears of errors that the operator should look at, with what the client must not see: the cause. */
export type OnError = (error: ContextStoreError, requestId: string) => void;

const operatorsBusiness = new Set(['INTERNAL_ERROR', 'STORE_UNAVAILABLE']);

/** What a client may learn of anything that was thrown; a stranger among errors becomes an INTERNAL_ERROR. */
export function reportError(thrown: unknown, onError: OnError | undefined): ReportedError {
  const requestId = randomUUID();
  const error =
    thrown instanceof ContextStoreError
      ? thrown
      : new ContextStoreError(
          'INTERNAL_ERROR',
          'Something went wrong inside the server; please report it.',
          {},
          { cause: thrown },
        );
  if (operatorsBusiness.has(error.code)) onError?.(error, requestId);
  return { ...error.toJSON(), requestId };
}

/** A tool's failure is a result: the model should read it and act on it. */
export function errorResult(error: ReportedError): CallToolResult {
  return { isError: true, ...jsonResult({ ...error }) };
}

/** The same JSON twice: some clients show the model only `structuredContent`, older ones know only `content`. */
export function jsonResult(structuredContent: { [key: string]: unknown }): CallToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(structuredContent) }], structuredContent };
}
