import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  PROTOCOL_VERSION_META_KEY,
  SERVER_INFO_META_KEY,
  specTypeSchemas,
  SUPPORTED_PROTOCOL_VERSIONS,
  type Implementation,
  type McpRequestContext,
} from '@modelcontextprotocol/server';
import type { Caller, McpRequest } from '@org/domain';
import type { CallTool } from '../tools/call-tool.js';
import { traceContextOf } from '../messages/mcp-request.js';
import { isToolName } from '../tools/tools.js';

/** A tool call over HTTP that has one message as its answer: it neither waits for offers nor asks for progress. */
export interface PlainCall {
  readonly era: McpRequestContext['era'];
  readonly id: string | number;
  readonly tool: string;
  readonly arguments: JsonObject;
  /** Undefined in the legacy era, whose requests do not contain it. */
  readonly clientName?: string | undefined;
  /** For its trace. */
  readonly request: McpRequest;
}

type JsonObject = Readonly<Record<string, unknown>>;

const modernVersion = '2026-07-28';
const method = 'tools/call';

/**
 * Recognises a plain call, as nearly all requests are. The SDK's server instance, transport and checks would take more time
 * than the rest of the call, so plain calls are answered without them. Returns undefined for every call that is not valid in
 * all respects: the SDK serves it, or refuses it.
 */
export function readPlainCall(request: Request, message: unknown): PlainCall | undefined {
  if (!isObject(message) || message['method'] !== method || message['jsonrpc'] !== '2.0') return undefined;
  const { id, params } = message;
  if ((typeof id !== 'string' && !Number.isSafeInteger(id)) || !isObject(params)) return undefined;
  // Other members may be invalid, or have a meaning to the SDK.
  if (!Object.keys(message).every(isMessageMember) || !Object.keys(params).every(isParameter)) return undefined;
  const { name: tool, arguments: given = {}, _meta: meta = {} } = params;
  if (typeof tool !== 'string' || !isToolName(tool) || !isObject(given) || 'waitSeconds' in given) return undefined;
  // The SDK drops this argument.
  if (Object.hasOwn(given, '__proto__')) return undefined;
  if (!isObject(meta) || 'progressToken' in meta) return undefined;
  const version = request.headers.get('mcp-protocol-version');
  const isModern = PROTOCOL_VERSION_META_KEY in meta;
  if (!Object.keys(meta).every((key) => !key.startsWith(reservedMeta) || (isModern && isEnvelope(key))))
    return undefined;
  if (isModern ? !isModernCall(request, version, tool, meta) : !isLegacyVersion(version)) return undefined;
  const mcpRequest: McpRequest = {
    id: id as string | number,
    protocolVersion: version ?? undefined,
    transport: 'tcp',
    ...traceContextOf(meta),
  };
  const call = { id: mcpRequest.id, tool, arguments: given, request: mcpRequest };
  return isModern
    ? { era: 'modern', ...call, clientName: (meta[CLIENT_INFO_META_KEY] as Implementation).name }
    : { era: 'legacy', ...call };
}

const isOneOf = (...names: readonly string[]): ((name: string) => boolean) => {
  const known = new Set(names);
  return (name) => known.has(name);
};
const isMessageMember = isOneOf('jsonrpc', 'id', 'method', 'params');
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
    headers.get('mcp-method') === method &&
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

/** Answers a plain call with the same bytes as the SDK. */
export async function servePlainCall(
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
  return Response.json({ result: complete, jsonrpc: '2.0', id });
}

export interface PlainCallContext {
  readonly callTool: CallTool;
  readonly caller: Caller;
  readonly serverInfo: Implementation;
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
