import { ProtocolErrorCode, type JSONRPCRequest } from '@modelcontextprotocol/server';
import type { ContextStoreError } from '@org/domain';
import { isModern, type Message } from './message.js';
import { errorResult, reportError, type FailedCall, type OnError, type ReportedError } from './tool-error.js';

/**
 * Answers a message that came over HTTP with RATE_LIMITED or OVERLOADED, without serving it. A tool call gets the error as
 * its result, as from a tool that failed, with status 200: clients show that to their model, which can wait, and throw at
 * other statuses. Everything else gets a JSON-RPC error with status 429 or 503. Anyone may read Retry-After.
 *
 * @param error has `retryAfterMs` in its details
 * @param onError hears of OVERLOADED
 */
export function refuseMessage(
  message: Message | undefined,
  error: ContextStoreError,
  { requestId, tool, request }: FailedCall,
  onError?: OnError,
): Response {
  const reported = reportError(error, { requestId, request }, onError, tool);
  const otherwise = error.code === 'RATE_LIMITED' ? 429 : 503;
  const headers = { 'retry-after': `${Math.ceil(Number(error.details['retryAfterMs']) / 1000)}` };
  return message?.kind === 'tool_call'
    ? Response.json(toolAnswer(message.body, reported), { headers })
    : Response.json(errorAnswer(message, reported), { status: otherwise, headers });
}

function toolAnswer(request: JSONRPCRequest, error: ReportedError): object {
  const result = { ...errorResult(error), ...(isModern(request) && { resultType: 'complete' }) };
  return { jsonrpc: '2.0', id: request.id, result };
}

/** JSON-RPC 2.0, section 5.1: the id is null where none is known. */
const errorAnswer = (message: Message | undefined, error: ReportedError): object => ({
  jsonrpc: '2.0',
  id: message !== undefined && 'id' in message.body && 'method' in message.body ? message.body.id : null,
  error: { code: ProtocolErrorCode.InternalError, message: error.message, data: error },
});
