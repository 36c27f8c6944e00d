import { ContextStoreError, limits, useCases, type Handoff, type Session, type UseCaseName } from '@org/domain';
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
  /** The method of `acceptHandoff`, for the same caller. */
  readonly accept: ToolMethod;
  readonly given: ToolArguments;
}

/** Tools that act on ownership. */
const fencedTools: ReadonlySet<UseCaseName> = new Set(
  toolNames.filter((name) => 'epoch' in useCases[name].input.shape),
);

/**
 * Returns a function that calls a tool for an agent. It adds the epoch that it remembers, and learns epochs from answers.
 * If a lease has lapsed meanwhile, and no agent has taken the session, it accepts the session again before the call.
 */
export function createFencedCaller(): (call: ToolCall, agent: string) => Promise<ToolAnswer> {
  const epochs = createEpochMemory();
  return async (call, agent) => {
    const answer = await callWithEpoch(call, agent, epochs);
    learn(call, answer, agent, epochs);
    return answer;
  };
}

async function callWithEpoch(call: ToolCall, agent: string, epochs: EpochMemory): Promise<ToolAnswer> {
  const { name, method, given } = call;
  const isEpochMissing = fencedTools.has(name) && (given['epoch'] ?? undefined) === undefined;
  // An agent asks for a session that it does not own, so an epoch that it remembers is an old one.
  if (!isEpochMissing || given['requestType'] === 'take_over') return method(given);
  const remembered = recallEpoch(given, agent, epochs);
  try {
    return await method(withEpoch(given, remembered));
  } catch (error) {
    if (!isOwnershipLost(error)) throw error;
    const lapsed = lapsedLease(error, remembered);
    if (lapsed !== undefined) return acceptAgainAndCall(call, lapsed, agent, epochs);
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

interface LapsedLease {
  readonly handoffId: string;
  readonly leaseSeconds: number;
  /** What this process remembers of the session, as it was on the lease. */
  readonly remembered: RememberedEpoch;
}

/** Returns the lease of this process, if it lapsed and no agent has taken the session since. */
function lapsedLease(
  { details: { lapsedHandoffId: handoffId, epoch } }: ContextStoreError,
  remembered: RememberedEpoch | undefined,
): LapsedLease | undefined {
  const leaseSeconds = remembered?.leaseSeconds;
  if (typeof handoffId !== 'string' || remembered === undefined || leaseSeconds === undefined) return undefined;
  return epoch === remembered.epoch + 1 ? { handoffId, leaseSeconds, remembered } : undefined;
}

/** A process that slept past its lease, on a laptop for instance, goes on as if it had not, at a new epoch. */
async function acceptAgainAndCall(
  { accept, method, given }: ToolCall,
  { handoffId, leaseSeconds, remembered }: LapsedLease,
  agent: string,
  epochs: EpochMemory,
): Promise<ToolAnswer> {
  const acceptance = { handoffId, agent, leaseSeconds, maxTokens: limits.minAcceptanceTokens };
  const accepted = await accept(acceptance).catch(() => undefined);
  if (accepted?.session === undefined) return method(withEpoch(given, remembered));
  epochs.remember(agent, accepted.session, leaseSeconds);
  return method(withEpoch(given, { epoch: accepted.session.epoch, isOwners: true }));
}

function learn({ name, given }: ToolCall, answer: ToolAnswer, agent: string, epochs: EpochMemory): void {
  const { session, handoff, handoffs = [], created, replayed } = answer;
  for (const shown of handoff === undefined ? handoffs : [handoff]) epochs.rememberHandoff(shown);
  // A replayed answer may show the session as it is now, after another process has accepted it: no epoch is learnt.
  if (replayed === true) return;
  // A created session is a new one, whatever is remembered of its key.
  if (created === true && session !== undefined) epochs.forget(agent, session.sessionKey);
  const { leaseSeconds } = name === 'acceptHandoff' ? given : {};
  if (session !== undefined)
    epochs.remember(agent, session, typeof leaseSeconds === 'number' ? leaseSeconds : undefined);
  else if (name === 'updateContext') epochs.rememberAppend(agent, answer as unknown as Session);
}
