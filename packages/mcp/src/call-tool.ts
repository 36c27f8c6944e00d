import { ProtocolError, ProtocolErrorCode, type CallToolResult } from '@modelcontextprotocol/server';
import {
  ContextStoreError,
  givenArguments,
  useCases,
  type Caller,
  type ContextStore,
  type Session,
  type UseCaseName,
} from '@org/domain';
import { withoutClientArguments } from './client-arguments.js';
import { createEpochMemory, type EpochMemory } from './epoch-memory.js';
import { errorResult, jsonResult, reportError, type OnError } from './tool-error.js';
import { isToolName, toolNames } from './tools.js';

export interface ToolCallerOptions {
  readonly contextStore: ContextStore;
  readonly rememberEpochs: boolean;
  /** Ends all waiting. */
  readonly stopping: AbortSignal | undefined;
  readonly onError: OnError | undefined;
}

type Arguments = Readonly<Record<string, unknown>>;
type Result = { [key: string]: unknown; session?: Session; replayed?: true };
type Method = (input: Arguments, caller: Caller) => Promise<Result>;

/** Runs one tool for whoever calls. @throws ProtocolError for a tool that does not exist; every other failure is a result */
export type CallTool = (name: string, given: Arguments, caller: Caller) => Promise<CallToolResult>;

export function createToolCaller({ contextStore, rememberEpochs, stopping, onError }: ToolCallerOptions): CallTool {
  const epochs = rememberEpochs ? createEpochMemory() : undefined;
  return async (name, sent, caller) => {
    if (!isToolName(name)) {
      throw new ProtocolError(
        ProtocolErrorCode.InvalidParams,
        `Unknown tool: ${name}. There are ${toolNames.join(', ')}.`,
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

const takesEpoch: ReadonlySet<UseCaseName> = new Set(['updateContext', 'requestHandoff', 'updateSession']);

/** Sends the epoch that this process remembers along, unless the caller gave one, and learns from the answer. */
async function callFenced(
  name: UseCaseName,
  method: Method,
  given: Arguments,
  caller: Caller,
  acting: string,
  epochs: EpochMemory,
): Promise<Result> {
  const { sessionKey, epoch } = given;
  const isFenced = takesEpoch.has(name) && epoch === undefined && typeof sessionKey === 'string';
  const remembered = isFenced ? epochs.recall(acting, sessionKey) : undefined;
  let result: Result;
  try {
    result = await method(remembered === undefined ? given : { ...given, epoch: remembered.epoch }, caller);
  } catch (error) {
    // Of an error nothing is learnt: a fenced process stays fenced, and so does its retry. But a participant writes on
    // when ownership moves between others: whether it still is one, only the store can say.
    if (remembered === undefined || remembered.isOwners || !movedToAnother(error, acting)) throw error;
    result = await method(given, caller);
  }
  // Nor of a repeated answer: it shows the session as it was then, or as it is now, whoever accepted it last.
  if (!result.replayed) learn(name, result, acting, epochs);
  return result;
}

const movedToAnother = (error: unknown, acting: string): boolean =>
  error instanceof ContextStoreError && error.code === 'OWNERSHIP_LOST' && error.details['owner'] !== acting;

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
