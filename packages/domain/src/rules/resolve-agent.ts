import { ContextStoreError } from '../errors.js';
import { agentNameOf } from '../model/names.js';

/** The sources of the acting agent, from the strongest to the weakest. */
export interface AgentSources {
  /** The agent that the caller is bound to, by its credential or by the program. */
  readonly boundAgent?: string | undefined;
  /** The `agent` argument of the call. */
  readonly argument?: string | undefined;
  /** The agent that the connection names: over HTTP, the header `Context-Agent` or `agent` in the URL. */
  readonly connectionAgent?: string | undefined;
  /** The agent that the process was configured with. */
  readonly configured?: string | undefined;
  /** The free-form name that the client reports. */
  readonly clientName?: string | undefined;
}

/**
 * Returns the agent that a call acts as.
 * @throws FORBIDDEN (the argument or the connection names another agent than the bound one), VALIDATION_ERROR (no source
 *   names an agent)
 */
export function resolveAgent(sources: AgentSources): string {
  const { boundAgent, argument, connectionAgent, configured, clientName } = sources;
  if (boundAgent !== undefined) refuseOtherNames(boundAgent, sources);
  const agent = boundAgent ?? argument ?? connectionAgent ?? configured ?? agentNameOf(clientName);
  if (agent === undefined) {
    throw new ContextStoreError(
      'VALIDATION_ERROR',
      'agent: missing. Pass agent with the name you act under. (Where one agent alone calls, set the option agent.)',
      { issues: [{ path: 'agent', message: 'missing' }] },
    );
  }
  return agent;
}

function refuseOtherNames(
  boundAgent: string,
  { argument = boundAgent, connectionAgent = boundAgent }: AgentSources,
): void {
  if (argument === boundAgent && connectionAgent === boundAgent) return;
  const [agent, place] = argument === boundAgent ? [connectionAgent, 'the Context-Agent header'] : [argument, 'agent'];
  throw new ContextStoreError(
    'FORBIDDEN',
    `This caller acts as agent ${boundAgent} alone; leave out ${place}, or pass ${boundAgent}.`,
    { agent, boundAgent },
  );
}
