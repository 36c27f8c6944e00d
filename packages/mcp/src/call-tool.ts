import { ProtocolError, ProtocolErrorCode, type CallToolResult } from '@modelcontextprotocol/server';
import type { Caller, ContextStore, Session, UseCaseName } from '@org/domain';
import { createEpochMemory, type EpochMemory } from './epoch-memory.js';
import { errorResult, jsonResult, reportError, type OnError } from './tool-error.js';
import { isToolName, toolNames } from './tools.js';

export interface ToolCallerOptions {
  readonly contextStore: ContextStore;
  readonly rememberEpochs: boolean;
  readonly onError: OnError | undefined;
}

type Arguments = Readonly<Record<string, unknown>>;
type Method = (
  input: Arguments,
  caller: Caller,
) => Promise<{ [key: string]: unknown; session?: Session; replayed?: true }>;

/** Runs one tool for whoever calls. @throws ProtocolError for a tool that does not exist; every other failure is a result */
export type CallTool = (name: string, given: Arguments, caller: Caller) => Promise<CallToolResult>;

export function createToolCaller({ contextStore, rememberEpochs, onError }: ToolCallerOptions): CallTool {
  const epochs = rememberEpochs ? createEpochMemory() : undefined;
  return async (name, given, caller) => {
    if (!isToolName(name)) {
      throw new ProtocolError(
        ProtocolErrorCode.InvalidParams,
        `Unknown tool: ${name}. There are ${toolNames.join(', ')}.`,
      );
    }
    // One tool at a time has matching input and result; TypeScript cannot tell for a union of them.
    const method = contextStore[name] as unknown as Method;
    const acting = epochs && actingAgent(contextStore, given, caller);
    try {
      const result = await method(fenced(name, given, acting, epochs), caller);
      // Of an error nothing is learnt: a fenced process stays fenced, and so does its retry.
      // Nor of a repeated acceptance, which shows the session as it is now, whoever accepted it last.
      if (result.session !== undefined && acting !== undefined && !result.replayed)
        epochs?.remember(acting, result.session);
      return jsonResult(result);
    } catch (error) {
      return errorResult(reportError(error, onError));
    }
  };
}

const takesEpoch: ReadonlySet<UseCaseName> = new Set(['updateContext', 'requestHandoff', 'updateSession']);

/** The arguments with the epoch that this process remembers, unless the caller gave one. */
function fenced(
  name: UseCaseName,
  given: Arguments,
  acting: string | undefined,
  epochs: EpochMemory | undefined,
): Arguments {
  const { sessionKey, epoch } = given;
  if (!takesEpoch.has(name) || epoch !== undefined || acting === undefined || typeof sessionKey !== 'string')
    return given;
  const remembered = epochs?.recall(acting, sessionKey);
  return remembered === undefined ? given : { ...given, epoch: remembered };
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
