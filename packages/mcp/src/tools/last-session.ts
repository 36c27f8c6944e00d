import type { UseCaseName } from '@org/domain';
import type { ToolAnswer } from './fenced-caller.js';

/** The session that this process works on. For a process that serves one person and one namespace. */
export interface LastSession {
  /** The key of the session that this process last registered, accepted or wrote to. Undefined if there is none. */
  readonly recall: () => string | undefined;
  /** Learns from the answer to a tool call that succeeded. */
  readonly learn: (name: UseCaseName, answer: ToolAnswer) => void;
}

const tellingTools: ReadonlySet<UseCaseName> = new Set(['registerSession', 'acceptHandoff', 'updateContext']);

export function createLastSession(): LastSession {
  let last: string | undefined;
  return {
    recall: () => last,
    learn(name, { session, sessionKey }) {
      if (!tellingTools.has(name)) return;
      last = session?.sessionKey ?? (typeof sessionKey === 'string' ? sessionKey : last);
    },
  };
}
