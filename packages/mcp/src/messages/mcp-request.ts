import {
  PROTOCOL_VERSION_META_KEY,
  TRACEPARENT_META_KEY,
  TRACESTATE_META_KEY,
  type McpRequestContext,
  type Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { MeasuredCall, McpRequest } from '@org/domain';
import { waits, type Message } from './message.js';

/** The attributes of a request for its trace. Clients send their trace context in `_meta` on every transport (SEP-414). */
export function mcpRequest(
  // oxlint-disable-next-line typescript/no-deprecated -- the only place where a legacy connection has its version
  server: Server,
  { mcpReq, http }: ServerContext,
  { requestInfo }: McpRequestContext,
): McpRequest {
  // The SDK publishes an empty type for the envelope, and does not validate it on a legacy connection.
  const envelope: { readonly [PROTOCOL_VERSION_META_KEY]?: unknown } | undefined = mcpReq.envelope;
  return {
    id: mcpReq.id,
    protocolVersion:
      textOf(envelope?.[PROTOCOL_VERSION_META_KEY]) ??
      // oxlint-disable-next-line typescript/no-deprecated -- see above
      server.getNegotiatedProtocolVersion() ??
      http?.req?.headers.get('mcp-protocol-version') ??
      undefined,
    transport: requestInfo === undefined ? 'pipe' : 'tcp',
    ...traceContextOf(mcpReq._meta),
  };
}

/** The trace context that a client sent. Values that are not strings are ignored. */
export const traceContextOf = (
  meta: Readonly<Record<string, unknown>> = {},
): Pick<McpRequest, 'traceparent' | 'tracestate'> => ({
  traceparent: textOf(meta[TRACEPARENT_META_KEY]),
  tracestate: textOf(meta[TRACESTATE_META_KEY]),
});

/** The attributes of a tool call over HTTP for telemetry. Returns undefined unless the message calls a tool that exists. */
export function toolCallOf(message: Message): MeasuredCall | undefined {
  if (message.kind !== 'tool_call' || message.tool === undefined) return undefined;
  const { id, params } = message.body;
  const request: McpRequest = {
    id,
    protocolVersion: textOf(params?._meta?.[PROTOCOL_VERSION_META_KEY]),
    transport: 'tcp',
    ...traceContextOf(params?._meta),
  };
  return { tool: message.tool, waits: waits(message), request };
}

const textOf = (given: unknown): string | undefined => (typeof given === 'string' ? given : undefined);
