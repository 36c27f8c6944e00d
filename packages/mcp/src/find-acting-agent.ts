import { agentNameOf, reportedNameOf, type Caller, type ContextStore } from '@org/domain';

/** The agent that a call acts for. Returns undefined if the caller names none, or names one that it may not act as. */
export function findActingAgent(contextStore: ContextStore, caller: Caller, argument?: string): string | undefined {
  try {
    return contextStore.actingAgent(argument, caller);
  } catch {
    return undefined;
  }
}

/** An agent by the names under which sessions may belong to it. */
export interface Actor {
  readonly agent: string;
  /** The name that the client reports, if the agent has a short name instead. */
  readonly formerName?: string | undefined;
}

/** Like {@link findActingAgent}, with the agent's former name. */
export function findActor(contextStore: ContextStore, caller: Caller, argument?: string): Actor | undefined {
  const agent = findActingAgent(contextStore, caller, argument);
  if (agent === undefined) return undefined;
  const reported = reportedNameOf(caller.clientName);
  return reported !== agent && agentNameOf(caller.clientName) === agent ? { agent, formerName: reported } : { agent };
}

/** Whether the name is one of the actor's. */
export const isNameOf = ({ agent, formerName }: Actor, name: unknown): boolean => name === agent || name === formerName;
