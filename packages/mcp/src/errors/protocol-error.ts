import { ProtocolError, ProtocolErrorCode, ResourceNotFoundError } from '@modelcontextprotocol/server';
import { ContextStoreError, type Caller, type ErrorCode } from '@org/domain';
import { reportError, type OnError } from './report-error.js';

/**
 * Awaits what answers a request other than a tool call: that has no result which could say what went wrong.
 *
 * @param uri the resource that was asked for, if one was
 * @throws ProtocolError alone
 */
export async function withProtocolErrors<T>(
  result: Promise<T>,
  caller: Caller,
  onError: OnError | undefined,
  uri?: string,
): Promise<T> {
  try {
    return await result;
  } catch (error) {
    throw error instanceof ProtocolError ? error : protocolError(error, caller, onError, uri);
  }
}

/** Whatever the caller sends, it meets these. */
const ownFaults: ReadonlySet<string> = new Set<ErrorCode>(['INTERNAL_ERROR', 'STORE_UNAVAILABLE']);

function protocolError(
  thrown: unknown,
  caller: Caller,
  onError: OnError | undefined,
  uri: string | undefined,
): ProtocolError {
  const error = reportError(thrown, caller, onError);
  if (uri !== undefined && error.code === 'SESSION_NOT_FOUND') return new ResourceNotFoundError(uri, error.message);
  const isCallersFault = thrown instanceof ContextStoreError && !error.retryable && !ownFaults.has(error.code);
  const code = isCallersFault ? ProtocolErrorCode.InvalidParams : ProtocolErrorCode.InternalError;
  return new ProtocolError(code, error.message, error);
}

export const invalidParams = (message: string, data?: unknown): ProtocolError =>
  new ProtocolError(ProtocolErrorCode.InvalidParams, message, data);
