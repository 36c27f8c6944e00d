import { agentSchema, ContextStoreError, quoteOf } from '@org/domain';
import type { Message } from '../messages/message.js';

/** The header that names the agent of all calls of a client, for clients whose model should not have to pass `agent`. */
export const agentHeader = 'Context-Agent';
/** The parameter of the URL that does the same, for clients that cannot set headers. */
const agentParameter = 'agent';

/** Returns the agent that the header or the URL of a request names. An empty name counts as none. */
export const namedAgentOf = (request: Request): string | undefined => namesIn(request)[0];

/** Refuses a request whose header and URL do not name one agent in the form of one. Returns undefined for all others. */
export function refuseNamedAgent(request: Request, message: Message): Response | undefined {
  const problem = problemWith(namesIn(request));
  if (problem === undefined) return undefined;
  const issues = [{ path: agentHeader, message: problem }];
  const error = new ContextStoreError('VALIDATION_ERROR', problem, { issues });
  const id = 'id' in message.body ? message.body.id : null;
  return Response.json(
    { jsonrpc: '2.0', id, error: { code: -32_000, message: problem, data: error } },
    { status: 400 },
  );
}

function namesIn({ headers, url }: Request): readonly string[] {
  const header = headers.get(agentHeader);
  const inUrl = url.includes('?') ? new URL(url).searchParams.getAll(agentParameter) : [];
  if (header === null && inUrl.length === 0) return [];
  return [...new Set([header ?? '', ...inUrl].map((name) => name.trim()).filter((name) => name !== ''))];
}

function problemWith(names: readonly string[]): string | undefined {
  for (const name of names) {
    const { error } = agentSchema.safeParse(name);
    const [issue] = error?.issues ?? [];
    if (issue !== undefined) {
      return `${quoteOf(name)}, in the ${agentHeader} header or as ${agentParameter} in the URL, is no agent name: ${issue.message}.`;
    }
  }
  return names.length > 1
    ? `The ${agentHeader} header and ${agentParameter} in the URL name different agents: ${quoteOf(names.join(', '))}. Send one.`
    : undefined;
}
