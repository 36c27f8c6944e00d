import { ContextStoreError } from '../errors.js';
import { agentNameOf } from '../model/names.js';

/** What is known of who calls, from the strongest to the weakest source. */
export interface AgentSources {
  /** The agent that the caller's credential is bound to. */
  readonly boundAgent?: string | undefined;
  /** The `agent` argument of the call. */
  readonly argument?: string | undefined;
  /** What the process was configured with. */
  readonly configured?: string | undefined;
  /** The free-form name that the client gave itself. */
  readonly clientName?: string | undefined;
}

/** On whose behalf a call acts. @throws FORBIDDEN for a name other than the bound one, VALIDATION_ERROR when nothing is known */
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
