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

/** A call of a tool over HTTP that nothing is sent before the answer of: it waits for nothing, and asks for no progress. */
export interface PlainCall {
  readonly era: McpRequestContext['era'];
  readonly id: string | number;
  readonly tool: string;
  readonly arguments: JsonObject;
  /** Absent in the legacy era, where a request does not say. */
  readonly clientName?: string | undefined;
  /** What a trace tells of it. */
  readonly request: McpRequest;
}

type JsonObject = Readonly<Record<string, unknown>>;

const modernVersion = '2026-07-28';
const method = 'tools/call';

/**
 * Recognises a plain call. Nearly all requests are one, and the SDK's server instance, transport and checks for each take
 * more time than all else that is done for it; so they are answered without. Only what is right in every respect is
 * recognised: everything else is left to the SDK, to serve or to refuse.
 */
export function readPlainCall(request: Request, message: unknown): PlainCall | undefined {
  if (!isObject(message) || message['method'] !== method || message['jsonrpc'] !== '2.0') return undefined;
  const { id, params } = message;
  if ((typeof id !== 'string' && !Number.isSafeInteger(id)) || !isObject(params)) return undefined;
  // What else there is may be wrong, or mean something to the SDK.
  if (!Object.keys(message).every(isMessageMember) || !Object.keys(params).every(isParameter)) return undefined;
  const { name: tool, arguments: given = {}, _meta: meta = {} } = params;
  if (typeof tool !== 'string' || !isToolName(tool) || !isObject(given) || 'waitSeconds' in given) return undefined;
  // The SDK leaves this argument out.
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
/** What the protocol keeps for itself in `_meta`. */
const reservedMeta = 'io.modelcontextprotocol/';
const isEnvelope = isOneOf(PROTOCOL_VERSION_META_KEY, CLIENT_INFO_META_KEY, CLIENT_CAPABILITIES_META_KEY);

const isLegacyVersion = (version: string | null): boolean =>
  version === null || SUPPORTED_PROTOCOL_VERSIONS.includes(version);

/** The envelope is whole, and the headers say the same as the body. */
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

/** The SDK's answer to a call that it serves: the same bytes. */
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
  // Nobody reads it. The status is nginx's for a client that is gone, as the SDK's.
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
