import { ProtocolError, ProtocolErrorCode, type CallToolResult } from '@modelcontextprotocol/server';
import {
  ContextStoreError,
  givenArguments,
  quoteOf,
  useCases,
  type Caller,
  type ContextStore,
  type Handoff,
  type Session,
  type UseCaseName,
} from '@org/domain';
import { withoutClientArguments } from './client-arguments.js';
import { createEpochMemory, type EpochMemory, type RememberedEpoch } from './epoch-memory.js';
import { errorResult, jsonResult, reportError, type OnError } from '../errors/report-error.js';
import { isToolName, toolNames } from './tools.js';

export interface ToolCallerOptions {
  readonly contextStore: ContextStore;
  readonly rememberEpochs: boolean;
  /** Ends all waiting. */
  readonly stopping: AbortSignal | undefined;
  readonly onError: OnError | undefined;
}

type Arguments = Readonly<Record<string, unknown>>;
type Result = { [key: string]: unknown; session?: Session; handoff?: Handoff; handoffs?: Handoff[]; replayed?: true };
type Method = (input: Arguments, caller: Caller) => Promise<Result>;

/** Runs one tool for whoever calls. @throws ProtocolError for a tool that does not exist; every other failure is a result */
export type CallTool = (name: string, given: Arguments, caller: Caller) => Promise<CallToolResult>;

export function createToolCaller({ contextStore, rememberEpochs, stopping, onError }: ToolCallerOptions): CallTool {
  const epochs = rememberEpochs ? createEpochMemory() : undefined;
  return async (name, sent, caller) => {
    if (!isToolName(name)) {
      throw new ProtocolError(
        ProtocolErrorCode.InvalidParams,
        `Unknown tool: ${quoteOf(name)}. There are ${toolNames.join(', ')}.`,
      );
    }
    const given = givenArguments(useCases[name].input, withoutClientArguments(sent));
    // One tool at a time has matching input and result; TypeScript cannot tell for a union of them.
    const method = contextStore[name] as unknown as Method;
    const acting = epochs && actingAgent(contextStore, given, caller);
    try {
      const waiting = 'waitSeconds' in given ? { ...caller, stopping } : caller;
      const result = await (epochs !== undefined && acting !== undefined
        ? callFenced(name, method, given, waiting, acting, epochs)
        : method(given, waiting));
      return jsonResult(result);
    } catch (error) {
      return errorResult(reportError(error, caller, onError, name));
    }
  };
}

/** All that act on ownership. */
const fencedTools: ReadonlySet<UseCaseName> = new Set(
  toolNames.filter((name) => 'epoch' in useCases[name].input.shape),
);

/** Sends the epoch that this process remembers along, unless the caller gave one, and learns from the answer. */
async function callFenced(
  name: UseCaseName,
  method: Method,
  given: Arguments,
  caller: Caller,
  acting: string,
  epochs: EpochMemory,
): Promise<Result> {
  const isSentAlong = fencedTools.has(name) && (given['epoch'] ?? undefined) === undefined;
  const remembered = isSentAlong ? recallEpoch(given, acting, epochs) : undefined;
  let result: Result;
  try {
    result = await method(withEpoch(given, remembered), caller);
  } catch (error) {
    if (!isSentAlong || !isOwnershipLost(error)) throw error;
    const secondTry =
      remembered === undefined
        ? asHolder(given, error, acting, epochs)
        : asParticipant(given, error, acting, remembered);
    if (secondTry === undefined) throw error;
    result = await method(secondTry, caller);
  }
  learnHandoffs(result, epochs);
  // Of a repeated answer no epoch is learnt: it shows the session as it was then, or as it is now, whoever accepted it last.
  if (!result.replayed) learn(name, result, acting, epochs);
  return result;
}

/**
 * A participant writes on when ownership moves between others: whether it still is one, only the store can say. In all
 * else nothing is learnt of a refusal: a fenced process stays fenced, and so does its retry.
 */
const asParticipant = (
  given: Arguments,
  { details }: ContextStoreError,
  acting: string,
  { isOwners }: RememberedEpoch,
): Arguments | undefined => (isOwners || details['owner'] === acting ? undefined : given);

/** The refusal names the session of a handoff that no answer has shown to this process, which may have resumed it. */
function asHolder(
  given: Arguments,
  { details: { handoffId, sessionKey } }: ContextStoreError,
  acting: string,
  epochs: EpochMemory,
): Arguments | undefined {
  if (typeof handoffId !== 'string' || typeof sessionKey !== 'string') return undefined;
  epochs.rememberHandoff({ handoffId, sessionKey });
  const remembered = epochs.recall(acting, sessionKey);
  return remembered && withEpoch(given, remembered);
}

const withEpoch = (given: Arguments, remembered: RememberedEpoch | undefined): Arguments =>
  remembered === undefined ? given : { ...given, epoch: remembered.epoch };

/** What this process remembers of the session that a call names, itself or by one of its handoffs. */
function recallEpoch(
  { sessionKey, handoffId }: Arguments,
  acting: string,
  epochs: EpochMemory,
): RememberedEpoch | undefined {
  const named = typeof handoffId === 'string' ? epochs.sessionOf(handoffId) : sessionKey;
  return typeof named === 'string' ? epochs.recall(acting, named) : undefined;
}

const isOwnershipLost = (error: unknown): error is ContextStoreError =>
  error instanceof ContextStoreError && error.code === 'OWNERSHIP_LOST';

function learnHandoffs({ handoff, handoffs = [] }: Result, epochs: EpochMemory): void {
  for (const shown of handoff === undefined ? handoffs : [handoff]) epochs.rememberHandoff(shown);
}

function learn(name: UseCaseName, result: Result, acting: string, epochs: EpochMemory): void {
  // A session that was created is another one, whatever is remembered of its key.
  if (result['created'] === true && result.session !== undefined) epochs.forget(acting, result.session.sessionKey);
  if (result.session !== undefined) epochs.remember(acting, result.session);
  else if (name === 'updateContext') epochs.rememberAppend(acting, result as unknown as Session);
}

/** Undefined when the call will be refused anyway: the method says why. */
function actingAgent(contextStore: ContextStore, given: Arguments, caller: Caller): string | undefined {
  const argument = given['agent'] ?? given['agentFrom'];
  try {
    return contextStore.actingAgent(typeof argument === 'string' ? argument : undefined, caller);
  } catch {
    return undefined;
  }
}
