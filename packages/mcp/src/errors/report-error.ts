import { randomUUID } from 'node:crypto';
import {
  cancelled,
  ContextStoreError,
  isContextStoreError,
  storeUnavailable,
  type ContextStoreErrorOf,
  type RequestCaller,
  type ErrorBody,
  type ErrorCode,
  type McpRequest,
} from '@org/domain';

/** An error as a client receives it. Operators find the log line with the cause by its `requestId`. */
export interface ReportedError extends ErrorBody {
  readonly requestId: string;
}

/** The request that failed. */
export interface FailedCall {
  /** The client's answer has the same one. */
  readonly requestId: string;
  /** Undefined if the request was not a tool call. */
  readonly tool?: string | undefined;
  /** The telemetry finds the request's trace by this. */
  readonly request?: McpRequest | undefined;
}

/** Receives each error that an operator should look at, with its cause, which clients must not see. */
export type OnError = (error: ContextStoreError, call: FailedCall) => void;

const operatorCodes: ReadonlySet<ErrorCode> = new Set(['INTERNAL_ERROR', 'STORE_UNAVAILABLE', 'OVERLOADED']);

/** Turns anything that was thrown into what a client may see. An unexpected error becomes an INTERNAL_ERROR. */
export function reportError(
  thrown: unknown,
  { requestId = randomUUID(), request, signal }: RequestCaller,
  onError: OnError | undefined,
  tool?: string,
): ReportedError {
  const error = clientError(thrown, signal);
  if (operatorCodes.has(error.code)) onError?.(error, { requestId, tool, request });
  return { ...error.toJSON(), requestId };
}

function clientError(thrown: unknown, signal: AbortSignal | undefined): ContextStoreError {
  if (isContextStoreError(thrown, 'STORE_CLOSED')) return serverStopping(thrown);
  if (isContextStoreError(thrown)) return thrown;
  // A context store throws the reason of a signal that aborted.
  if (signal?.aborted === true && thrown === signal.reason) return cancelled(thrown);
  return new ContextStoreError(
    'INTERNAL_ERROR',
    'Something went wrong inside the server; please report it.',
    {},
    { cause: thrown },
  );
}

/** A server closes its store when it stops. Another replica, or the next process, can serve the same call. */
const serverStopping = (closed: ContextStoreErrorOf<'STORE_CLOSED'>): ContextStoreError =>
  storeUnavailable('The server is stopping.', { ...closed.details, cause: closed.cause ?? closed });
