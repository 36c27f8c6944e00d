import { INVALID_PARAMS, specTypeSchemas, type JSONRPCErrorResponse } from '@modelcontextprotocol/server';
import { isModern, type Message } from './message.js';

/** The requests that the SDK answers with a dump of its validator when their parameters are malformed. */
const schemas = {
  initialize: specTypeSchemas.InitializeRequestParams,
  'tools/call': specTypeSchemas.CallToolRequestParams,
} as const;

/** Names in the parameters, and how many are wrong, are the caller's. */
const mostSaid = 1000;

const isChecked = (method: string): method is keyof typeof schemas => Object.hasOwn(schemas, method);

/** The answer to a request whose parameters are malformed, in the words in which the SDK answers other ones. */
export function refuseParams({ kind, body }: Message): JSONRPCErrorResponse | undefined {
  if (kind !== 'tool_call' && kind !== 'request') return undefined;
  const { id, method, params } = body;
  // The modern era has no `initialize`, whatever its parameters.
  if (!isChecked(method) || (method === 'initialize' && isModern(body))) return undefined;
  const result = schemas[method]['~standard'].validate(params ?? {});
  if ('then' in result || result.issues === undefined) return undefined;
  const problems = result.issues.map(({ path = [], message: problem }) => `${path.map(String).join('.')}: ${problem}`);
  const said = problems.join('; ').slice(0, mostSaid).toWellFormed();
  return { jsonrpc: '2.0', id, error: { code: INVALID_PARAMS, message: `Invalid params for ${method}: ${said}` } };
}
