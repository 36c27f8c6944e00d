import {
  INVALID_PARAMS,
  ProtocolError,
  specTypeSchemas,
  type JSONRPCErrorResponse,
  type JSONRPCRequest,
} from '@modelcontextprotocol/server';
import { interestsOf, parseWatchedUris } from '../subscriptions/interests.js';
import type { Message } from './message.js';

/** The requests that the SDK answers with its validator's raw output if their parameters are malformed. */
const schemas = {
  initialize: specTypeSchemas.InitializeRequestParams,
  'tools/call': specTypeSchemas.CallToolRequestParams,
} as const;

/** The caller determines the names in the parameters, and the number of problems, so the message is cut. */
const maxProblemsLength = 1000;

const hasSchema = (method: string): method is keyof typeof schemas => Object.hasOwn(schemas, method);

/**
 * The error answer to a request whose parameters are invalid, where the SDK would answer badly or not at all. Returns
 * undefined for every other message.
 */
export function refuseParams({ kind, body }: Message): JSONRPCErrorResponse | undefined {
  if (kind === 'listen') return refuseListening(body);
  if (kind !== 'tool_call' && kind !== 'request') return undefined;
  const { id, method, params } = body;
  if (!hasSchema(method)) return undefined;
  const result = schemas[method]['~standard'].validate(params ?? {});
  if ('then' in result || result.issues === undefined) return undefined;
  const problems = result.issues.map(({ path = [], message: problem }) => `${path.map(String).join('.')}: ${problem}`);
  const text = problems.join('; ').slice(0, maxProblemsLength).toWellFormed();
  return { jsonrpc: '2.0', id, error: { code: INVALID_PARAMS, message: `Invalid params for ${method}: ${text}` } };
}

/** The SDK would accept a subscription to a URI that cannot be read, and the client would never be notified. */
function refuseListening({ id, params }: JSONRPCRequest): JSONRPCErrorResponse | undefined {
  try {
    parseWatchedUris(interestsOf(params).uris);
    return undefined;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const { code, message, data } = error;
    return { jsonrpc: '2.0', id, error: { code, message, data } };
  }
}
