import type { ContextStore } from '@org/domain';
import { content } from '../content.js';
import { sessionKey } from '../postgres/bench-database.js';

/** Appends to a session. @returns the number of calls */
export async function append(contextStore: ContextStore, session: number): Promise<number> {
  await contextStore.updateContext({ sessionKey: sessionKey(session), contextType: 'message', content });
  return 1;
}

/** Offers what a session has come to. @returns the number of calls */
export async function offer(contextStore: ContextStore, session: number): Promise<number> {
  const what = { sessionKey: sessionKey(session), requestType: 'context_transfer', summary: content } as const;
  await contextStore.requestHandoff({ ...what, targetAgent: 'implementer' });
  return 1;
}

/** Reads a session: getContext of 20 and of 100 entries, and getBriefing, in turns. @returns the number of calls */
export async function read(contextStore: ContextStore, session: number, turn: number): Promise<number> {
  const target = { sessionKey: sessionKey(session) };
  if (turn % 3 === 0) await contextStore.getBriefing(target);
  else await contextStore.getContext(turn % 3 === 1 ? target : { ...target, limit: 100, maxTokens: 20_000 });
  return 1;
}
