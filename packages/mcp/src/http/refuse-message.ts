import {
  isJSONRPCRequest,
  PROTOCOL_VERSION_META_KEY,
  ProtocolErrorCode,
  type JSONRPCRequest,
} from '@modelcontextprotocol/server';
import type { ContextStoreError } from '@org/domain';
import { reportError, type FailedCall, type OnError, type ReportedError } from '../errors/report-error.js';
import { toolErrorResult } from '../tools/tool-result.js';

/**
 * Answers a message over HTTP with RATE_LIMITED or OVERLOADED, without serving it. A tool call gets the error as a tool
 * result with status 200: clients show that to their model, which can wait, but throw at other statuses. Other messages get
 * a JSON-RPC error with status 429 or 503. Every answer has a Retry-After header.
 *
 * @param error its details have `retryAfterMs`
 * @param onError receives OVERLOADED
 */
export function refuseMessage(
  message: unknown,
  error: ContextStoreError,
  { requestId, tool, request }: FailedCall,
  onError?: OnError,
): Response {
  const reported = reportError(error, { requestId, request }, onError, tool);
  const isToolCall = isJSONRPCRequest(message) && message.method === 'tools/call';
  const otherwise = error.code === 'RATE_LIMITED' ? 429 : 503;
  const headers = { 'retry-after': `${Math.ceil(Number(error.details['retryAfterMs']) / 1000)}` };
  return Response.json(isToolCall ? toolAnswer(message, reported) : errorAnswer(message, reported), {
    status: isToolCall ? 200 : otherwise,
    headers,
  });
}

function toolAnswer({ id, params }: JSONRPCRequest, error: ReportedError): object {
  const isModern = params?._meta?.[PROTOCOL_VERSION_META_KEY] !== undefined;
  return { jsonrpc: '2.0', id, result: { ...toolErrorResult(error), ...(isModern && { resultType: 'complete' }) } };
}

/** JSON-RPC 2.0, section 5.1: the id is null if it is unknown. */
const errorAnswer = (message: unknown, error: ReportedError): object => ({
  jsonrpc: '2.0',
  id: isJSONRPCRequest(message) ? message.id : null,
  error: { code: ProtocolErrorCode.InternalError, message: error.message, data: error },
});
