import { ProtocolError, ProtocolErrorCode, ResourceNotFoundError } from '@modelcontextprotocol/server';
import { ContextStoreError, type RequestCaller, type ErrorCode } from '@org/domain';
import { reportError, type OnError } from './report-error.js';

/**
 * Awaits the result of a request other than a tool call. Such a result has no place for an error, so an error is thrown.
 *
 * @param uri the resource that was asked for, if any
 * @throws ProtocolError only
 */
export async function withProtocolErrors<T>(
  result: Promise<T>,
  caller: RequestCaller,
  onError: OnError | undefined,
  uri?: string,
): Promise<T> {
  try {
    return await result;
  } catch (error) {
    throw error instanceof ProtocolError ? error : protocolError(error, caller, onError, uri);
  }
}

/** Errors that do not depend on what the caller sent. */
const serverFaults: ReadonlySet<string> = new Set<ErrorCode>(['INTERNAL_ERROR', 'STORE_UNAVAILABLE']);

function protocolError(
  thrown: unknown,
  caller: RequestCaller,
  onError: OnError | undefined,
  uri: string | undefined,
): ProtocolError {
  const error = reportError(thrown, caller, onError);
  if (uri !== undefined && error.code === 'SESSION_NOT_FOUND') return new ResourceNotFoundError(uri, error.message);
  const isCallersFault = thrown instanceof ContextStoreError && !error.retryable && !serverFaults.has(error.code);
  const code = isCallersFault ? ProtocolErrorCode.InvalidParams : ProtocolErrorCode.InternalError;
  return new ProtocolError(code, error.message, error);
}

export const invalidParams = (message: string, data?: unknown): ProtocolError =>
  new ProtocolError(ProtocolErrorCode.InvalidParams, message, data);
