import { ContextStoreError, useCases, type Handoff, type Session, type UseCaseName } from '@org/domain';
import type { ToolArguments } from './call-tool.js';
import { createEpochMemory, type EpochMemory, type RememberedEpoch } from './epoch-memory.js';
import { toolNames } from './tools.js';

/** The fields of an answer that epochs are learnt from, and all others. */
export interface ToolAnswer {
  readonly [field: string]: unknown;
  readonly session?: Session;
  readonly handoff?: Handoff;
  readonly handoffs?: readonly Handoff[];
  readonly replayed?: true;
}

/** A method of the context store, typed the same for every tool. */
export type ToolMethod = (input: ToolArguments) => Promise<ToolAnswer>;

export interface ToolCall {
  readonly name: UseCaseName;
  readonly method: ToolMethod;
  readonly given: ToolArguments;
}

/** Tools that act on ownership. */
const fencedTools: ReadonlySet<UseCaseName> = new Set(
  toolNames.filter((name) => 'epoch' in useCases[name].input.shape),
);

/** Returns a function that calls a tool for an agent. It adds the epoch that it remembers, and learns epochs from answers. */
export function createFencedCaller(): (call: ToolCall, agent: string) => Promise<ToolAnswer> {
  const epochs = createEpochMemory();
  return async (call, agent) => {
    const answer = await callWithEpoch(call, agent, epochs);
    learn(call.name, answer, agent, epochs);
    return answer;
  };
}

async function callWithEpoch(
  { name, method, given }: ToolCall,
  agent: string,
  epochs: EpochMemory,
): Promise<ToolAnswer> {
  const isEpochMissing = fencedTools.has(name) && (given['epoch'] ?? undefined) === undefined;
  // An agent asks for a session that it does not own, so an epoch that it remembers is an old one.
  if (!isEpochMissing || given['requestType'] === 'take_over') return method(given);
  const remembered = recallEpoch(given, agent, epochs);
  try {
    return await method(withEpoch(given, remembered));
  } catch (error) {
    if (!isOwnershipLost(error)) throw error;
    const retry =
      remembered === undefined
        ? retryWithEpoch(given, error, agent, epochs)
        : retryWithoutEpoch(given, error, agent, remembered);
    if (retry === undefined) throw error;
    return method(retry);
  }
}

/** What this process remembers of the session that a call names, directly or by one of its handoffs. */
function recallEpoch(
  { sessionKey, handoffId }: ToolArguments,
  agent: string,
  epochs: EpochMemory,
): RememberedEpoch | undefined {
  const named = typeof handoffId === 'string' ? epochs.sessionOf(handoffId) : sessionKey;
  return typeof named === 'string' ? epochs.recall(agent, named) : undefined;
}

const withEpoch = (given: ToolArguments, remembered: RememberedEpoch | undefined): ToolArguments =>
  remembered === undefined ? given : { ...given, epoch: remembered.epoch };

const isOwnershipLost = (error: unknown): error is ContextStoreError =>
  error instanceof ContextStoreError && error.code === 'OWNERSHIP_LOST';

/**
 * A call by a handoff that no answer has shown to this process. The refusal names the session, whose epoch this process may
 * remember. Returns undefined if it does not.
 */
function retryWithEpoch(
  given: ToolArguments,
  { details: { handoffId, sessionKey } }: ContextStoreError,
  agent: string,
  epochs: EpochMemory,
): ToolArguments | undefined {
  if (typeof handoffId !== 'string' || typeof sessionKey !== 'string') return undefined;
  epochs.rememberHandoff({ handoffId, sessionKey });
  const remembered = epochs.recall(agent, sessionKey);
  return remembered && withEpoch(given, remembered);
}

/**
 * Participants keep writing when ownership moves between other agents, and only the store knows whether the agent still is a
 * participant. Returns undefined for an owner: a refusal never lifts the fence, so a fenced process stays fenced.
 */
const retryWithoutEpoch = (
  given: ToolArguments,
  { details }: ContextStoreError,
  agent: string,
  { isOwners }: RememberedEpoch,
): ToolArguments | undefined => (isOwners || details['owner'] === agent ? undefined : given);

function learn(name: UseCaseName, answer: ToolAnswer, agent: string, epochs: EpochMemory): void {
  const { session, handoff, handoffs = [], created, replayed } = answer;
  for (const shown of handoff === undefined ? handoffs : [handoff]) epochs.rememberHandoff(shown);
  // A replayed answer may show the session as it is now, after another process has accepted it: no epoch is learnt.
  if (replayed === true) return;
  // A created session is a new one, whatever is remembered of its key.
  if (created === true && session !== undefined) epochs.forget(agent, session.sessionKey);
  if (session !== undefined) epochs.remember(agent, session);
  else if (name === 'updateContext') epochs.rememberAppend(agent, answer as unknown as Session);
}
