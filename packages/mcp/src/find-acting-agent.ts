import type { ContextStore } from '@org/domain';

/** The agent that a call acts for. Returns undefined if the caller names none, or names one that it may not act as. */
export function findActingAgent(view: ContextStore, argument?: string): string | undefined {
  try {
    return view.actingAgent(argument);
  } catch {
    return undefined;
  }
}
