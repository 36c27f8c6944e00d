import { ContextStoreError } from '../errors.js';
import { agentNameOf, reportedNameOf } from '../model/names.js';

/** The sources of the acting agent, from the strongest to the weakest. */
export interface AgentSources {
  /** The agent that the caller's credential is bound to. */
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
      `These credentials are for agent ${boundAgent}; leave out agent, or pass ${boundAgent}.`,
      { agent: argument, boundAgent },
    );
  }
  const agent = boundAgent ?? argument ?? configured ?? agentNameOf(clientName);
  if (agent === undefined) {
    throw new ContextStoreError(
      'VALIDATION_ERROR',
      'agent: missing. Pass agent with the name you act under. (A server for one agent alone can be started with CONTEXT_AGENT.)',
      { issues: [{ path: 'agent', message: 'missing' }] },
    );
  }
  return agent;
}

/**
 * Returns the name under which earlier versions knew a client that this version gives a short name: see `shortNameOf`. What
 * belongs to that name belongs to the client. Returns undefined if there is none, or if the client's own name names nothing.
 */
export function formerNameOf({ boundAgent, argument, configured, clientName }: AgentSources): string | undefined {
  if ((boundAgent ?? argument ?? configured) !== undefined) return undefined;
  const reported = reportedNameOf(clientName);
  return reported === agentNameOf(clientName) ? undefined : reported;
}
