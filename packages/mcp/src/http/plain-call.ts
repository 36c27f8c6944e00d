import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  PROTOCOL_VERSION_META_KEY,
  SERVER_INFO_META_KEY,
  specTypeSchemas,
  SUPPORTED_PROTOCOL_VERSIONS,
  type AuthInfo,
  type Implementation,
  type McpRequestContext,
} from '@modelcontextprotocol/server';
import type { Caller, McpRequest, UseCaseName } from '@org/domain';
import { traceContextOf } from '../messages/mcp-request.js';
import type { Message, ToolCall } from '../messages/message.js';
import type { CallTool } from '../tools/call-tool.js';
import { serializeMessage } from '../tools/tool-result.js';
import { clientNameIn } from './client-session.js';

/** A tool call over HTTP that has one message as its answer: it neither waits for offers nor asks for progress. */
export interface PlainCall {
  readonly era: McpRequestContext['era'];
  readonly id: string | number;
  readonly tool: UseCaseName;
  readonly arguments: JsonObject;
  /** Undefined in the legacy era, whose requests do not contain it. */
  readonly clientName?: string | undefined;
  /** For its trace. */
  readonly request: McpRequest;
}

export interface PlainCallServerOptions {
  readonly callTool: CallTool;
  /** Identifies the caller. Default: callers are not identified. */
  readonly caller: ((context: McpRequestContext) => Caller) | undefined;
  readonly serverInfo: Implementation;
}

export interface PlainCallRequestOptions {
  readonly authInfo?: AuthInfo | undefined;
  readonly requestId?: string | undefined;
}

/** Answers a plain call. Returns undefined for every other message: the SDK serves or refuses it. */
export type ServePlainCall = (
  request: Request,
  message: Message | undefined,
  options: PlainCallRequestOptions,
) => Promise<Response> | undefined;

type JsonObject = Readonly<Record<string, unknown>>;

const modernVersion = '2026-07-28';

/**
 * The fast path around the SDK. Nearly all requests are plain calls. The SDK's server instance, transport and checks would
 * take more time than the rest of the call, so plain calls are answered without them, with the same bytes.
 *
 * Delete this file and its use in `createMcpHttpHandler` when the bars of `npm run bench -- --only http-postgres` hold
 * without it.
 */
export const createPlainCallServer =
  ({ callTool, caller: callerOf, serverInfo }: PlainCallServerOptions): ServePlainCall =>
  (request, message, { authInfo, requestId }) => {
    const call = message?.kind === 'tool_call' ? readPlainCall(request, message) : undefined;
    if (call === undefined) return undefined;
    const { era, clientName = clientNameIn(request) } = call;
    const known = callerOf?.({ era, requestInfo: request, ...(authInfo && { authInfo }) });
    const caller = { clientName, signal: request.signal, request: call.request, requestId, ...known };
    return answerPlainCall(call, { callTool, caller, serverInfo });
  };

/** Returns undefined if anything about the call is unusual or wrong, or may mean something to the SDK. */
export function readPlainCall(request: Request, { body, tool, arguments: sent }: ToolCall): PlainCall | undefined {
  const { id, params = {} } = body;
  if (tool === undefined || !Object.keys(params).every(isParameter)) return undefined;
  const given = sent ?? {};
  if (!isObject(given) || 'waitSeconds' in given) return undefined;
  // The SDK drops this argument.
  if (Object.hasOwn(given, '__proto__')) return undefined;
  const meta = params._meta ?? {};
  if (!isObject(meta) || 'progressToken' in meta) return undefined;
  const version = request.headers.get('mcp-protocol-version');
  const isModern = PROTOCOL_VERSION_META_KEY in meta;
  const isKnown = (key: string): boolean => !key.startsWith(reservedMeta) || (isModern && isEnvelope(key));
  if (!Object.keys(meta).every(isKnown)) return undefined;
  if (isModern ? !isModernCall(request, version, tool, meta) : !isLegacyVersion(version)) return undefined;
  const mcpRequest: McpRequest = {
    id,
    protocolVersion: version ?? undefined,
    transport: 'tcp',
    ...traceContextOf(meta),
  };
  const call = { id, tool, arguments: given, request: mcpRequest };
  return isModern
    ? { era: 'modern', ...call, clientName: (meta[CLIENT_INFO_META_KEY] as Implementation).name }
    : { era: 'legacy', ...call };
}

const isOneOf = (...names: readonly string[]): ((name: string) => boolean) => {
  const known = new Set(names);
  return (name) => known.has(name);
};
const isParameter = isOneOf('name', 'arguments', '_meta');
/** The prefix of the keys in `_meta` that the protocol reserves. */
const reservedMeta = 'io.modelcontextprotocol/';
const isEnvelope = isOneOf(PROTOCOL_VERSION_META_KEY, CLIENT_INFO_META_KEY, CLIENT_CAPABILITIES_META_KEY);

const isLegacyVersion = (version: string | null): boolean =>
  version === null || SUPPORTED_PROTOCOL_VERSIONS.includes(version);

/** Returns true if the envelope is complete, and the headers match the body. */
function isModernCall({ headers }: Request, version: string | null, tool: string, meta: JsonObject): boolean {
  return (
    version === modernVersion &&
    meta[PROTOCOL_VERSION_META_KEY] === modernVersion &&
    headers.get('mcp-method') === 'tools/call' &&
    headers.get('mcp-name') === tool &&
    conforms(specTypeSchemas.Implementation, meta[CLIENT_INFO_META_KEY]) &&
    conforms(specTypeSchemas.ClientCapabilities, meta[CLIENT_CAPABILITIES_META_KEY])
  );
}

const conforms = (schema: SpecTypeSchema, value: unknown): boolean => {
  const result = schema['~standard'].validate(value);
  return !('then' in result) && result.issues === undefined;
};
type SpecTypeSchema = (typeof specTypeSchemas)['ClientCapabilities' | 'Implementation'];

interface PlainCallContext extends Pick<PlainCallServerOptions, 'callTool' | 'serverInfo'> {
  readonly caller: Caller;
}

async function answerPlainCall(
  { era, id, tool, arguments: given }: PlainCall,
  { callTool, caller, serverInfo }: PlainCallContext,
): Promise<Response> {
  const { promise: gone, resolve } = Promise.withResolvers<undefined>();
  const leave = (): void => resolve(undefined);
  const { signal } = caller;
  signal?.addEventListener('abort', leave, { once: true });
  const result = await Promise.race([callTool(tool, given, caller), gone]);
  signal?.removeEventListener('abort', leave);
  // The client is gone, so the answer is not sent. Like the SDK, this uses nginx's status for that.
  if (result === undefined) return new Response(null, { status: 499 });
  const complete =
    era === 'modern' ? { ...result, resultType: 'complete', _meta: { [SERVER_INFO_META_KEY]: serverInfo } } : result;
  const json = serializeMessage({ result: complete, jsonrpc: '2.0', id });
  return new Response(json, { headers: { 'Content-Type': 'application/json' } });
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
