import { ContextStoreError } from '../errors.js';
import { agentNameOf } from '../model/names.js';

/** The sources of the acting agent, from the strongest to the weakest. */
export interface AgentSources {
  /** The agent that the caller is bound to, by its credential or by the program. */
  readonly boundAgent?: string | undefined;
  /** The `agent` argument of the call. */
  readonly argument?: string | undefined;
  /** The agent that the process was configured with. */
  readonly configured?: string | undefined;
  /** The free-form name that the client reports. */
  readonly clientName?: string | undefined;
}

/**
 * Returns the agent that a call acts as.
 * @throws FORBIDDEN (the argument differs from the bound agent), VALIDATION_ERROR (no source names an agent)
 */
export function resolveAgent({ boundAgent, argument, configured, clientName }: AgentSources): string {
  if (boundAgent !== undefined && argument !== undefined && argument !== boundAgent) {
    throw new ContextStoreError(
      'FORBIDDEN',
      `This caller acts as agent ${boundAgent} alone; leave out agent, or pass ${boundAgent}.`,
      { agent: argument, boundAgent },
    );
  }
  const agent = boundAgent ?? argument ?? configured ?? agentNameOf(clientName);
  if (agent === undefined) {
    throw new ContextStoreError(
      'VALIDATION_ERROR',
      'agent: missing. Pass agent with the name you act under. (Where one agent alone calls, set the option agent.)',
      { issues: [{ path: 'agent', message: 'missing' }] },
    );
  }
  return agent;
}
