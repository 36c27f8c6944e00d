import { ProtocolErrorCode, type JSONRPCRequest } from '@modelcontextprotocol/server';
import type { ContextStoreError } from '@org/domain';
import { reportError, type FailedCall, type OnError, type ReportedError } from '../errors/report-error.js';
import { isModern, type Message } from '../messages/message.js';
import { toolErrorResult } from '../tools/tool-result.js';

/**
 * Answers a message over HTTP with RATE_LIMITED or OVERLOADED, without serving it. A tool call gets the error as a tool
 * result with status 200: clients show that to their model, which can wait, but throw at other statuses. Other messages get
 * a JSON-RPC error with status 429 or 503. Every answer has a Retry-After header.
 *
 * @param message undefined if it was not read
 * @param error its details have `retryAfterMs`
 * @param onError receives OVERLOADED
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
  const result = { ...toolErrorResult(error), ...(isModern(request) && { resultType: 'complete' }) };
  return { jsonrpc: '2.0', id: request.id, result };
}

/** JSON-RPC 2.0, section 5.1: the id is null if it is unknown. */
const errorAnswer = (message: Message | undefined, error: ReportedError): object => ({
  jsonrpc: '2.0',
  id: message !== undefined && 'id' in message.body && 'method' in message.body ? message.body.id : null,
  error: { code: ProtocolErrorCode.InternalError, message: error.message, data: error },
});
