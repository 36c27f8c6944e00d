import {
  INVALID_PARAMS,
  specTypeSchemas,
  isJSONRPCRequest,
  PROTOCOL_VERSION_META_KEY,
  type JSONRPCErrorResponse,
} from '@modelcontextprotocol/server';

/** The requests that the SDK answers with a dump of its validator when their parameters are malformed. */
const schemas = {
  initialize: specTypeSchemas.InitializeRequestParams,
  'tools/call': specTypeSchemas.CallToolRequestParams,
} as const;

/** Names in the parameters, and how many are wrong, are the caller's. */
const mostSaid = 1000;

const isChecked = (method: string): method is keyof typeof schemas => Object.hasOwn(schemas, method);

/** The answer to a request whose parameters are malformed, in the words in which the SDK answers other ones. */
export function refuseParams(message: unknown): JSONRPCErrorResponse | undefined {
  if (!isJSONRPCRequest(message)) return undefined;
  const { id, method, params } = message;
  // The modern era has no `initialize`, whatever its parameters.
  const isModern = params?._meta?.[PROTOCOL_VERSION_META_KEY] !== undefined;
  if (!isChecked(method) || (isModern && method === 'initialize')) return undefined;
  const result = schemas[method]['~standard'].validate(params ?? {});
  if ('then' in result || result.issues === undefined) return undefined;
  const problems = result.issues.map(({ path = [], message: problem }) => `${path.map(String).join('.')}: ${problem}`);
  const said = problems.join('; ').slice(0, mostSaid).toWellFormed();
  return { jsonrpc: '2.0', id, error: { code: INVALID_PARAMS, message: `Invalid params for ${method}: ${said}` } };
}
