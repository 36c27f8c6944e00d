/** The kinds of spans. Names and attributes follow OpenTelemetry's conventions for MCP, generative AI and databases. */
export const spans = {
  call: {
    name: '`tools/call updateContext`; `getContext` for a library call, or below another request',
    kind: 'SERVER; INTERNAL for a library call, or below another request',
    description: 'One call of a tool or of its method, from the arguments to the answer.',
  },
  read: {
    name: '`resources/read`',
    kind: 'SERVER',
    description: 'One reading of a resource. The calls that it makes are spans below it.',
  },
  operation: {
    name: '`appendEntry`',
    kind: 'INTERNAL',
    description: 'One operation of the store, with its waits for a connection, a lock and a batch.',
  },
  statement: {
    name: '`append_entries`',
    kind: 'CLIENT',
    description: 'One statement, with the names of `db_query_time_seconds` and the time that the database took.',
  },
} as const;

type SpanKindName = keyof typeof spans;

interface Attribute {
  readonly of: readonly SpanKindName[];
  readonly description: string;
}

/** All attributes. None holds text of a caller, except the id of its request. */
export const spanAttributes = {
  'mcp.method.name': {
    of: ['call', 'read'],
    description: '`tools/call` or `resources/read`; absent for library calls.',
  },
  'gen_ai.operation.name': { of: ['call'], description: '`execute_tool`; absent for library calls.' },
  'gen_ai.tool.name': { of: ['call'], description: 'One of the ten tools, or the method of that name.' },
  'mcp.resource.uri': {
    of: ['read'],
    description: 'The template of the URI, such as `handoff://context/{sessionKey}`; absent if none matches.',
  },
  'jsonrpc.request.id': {
    of: ['call', 'read'],
    description: 'The id that the client gave the request, up to 128 characters.',
  },
  'mcp.protocol.version': { of: ['call', 'read'], description: 'The revision of MCP that the client speaks.' },
  'network.transport': { of: ['call', 'read'], description: '`tcp` for HTTP, `pipe` for stdio.' },
  'error.type': {
    of: ['call', 'read', 'operation', 'statement'],
    description:
      "Present if it failed: `tool_error` for a call by MCP, the JSON-RPC code for a reading, the database's code for a statement (`42P01`, `SQLITE_FULL`), otherwise the error code.",
  },
  'rpc.response.status_code': { of: ['read'], description: 'The JSON-RPC code of a reading that failed.' },
  'context_store.error.code': { of: ['call'], description: 'The error code of a call that failed, or was cancelled.' },
  'db.system.name': { of: ['statement'], description: '`postgresql` or `sqlite`.' },
  'db.operation.name': { of: ['statement'], description: 'The name of the statement.' },
  'db.operation.batch.size': {
    of: ['statement'],
    description: 'How many operations a statement served, sampled or not; absent for one.',
  },
} as const satisfies Record<string, Attribute>;

/** The values of a span's attributes. */
export type SpanAttributes = { readonly [Name in keyof typeof spanAttributes]?: string | number };
