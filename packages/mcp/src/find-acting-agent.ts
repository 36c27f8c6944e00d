import type { Caller, ContextStore } from '@org/domain';

/** The agent that a call acts for. Returns undefined if the caller names none, or names one that it may not act as. */
export function findActingAgent(contextStore: ContextStore, caller: Caller, argument?: string): string | undefined {
  try {
    return contextStore.actingAgent(argument, caller);
  } catch {
    return undefined;
  }
}
