import { ProtocolError, ProtocolErrorCode, type CallToolResult } from '@modelcontextprotocol/server';
import { agentNameOf, type Caller, type ContextStore, type Session, type UseCaseName } from '@org/domain';
import { createEpochMemory, type EpochMemory } from './epoch-memory.js';
import { errorResult, jsonResult, reportError, type OnError } from './tool-error.js';
import { isToolName, toolNames } from './tools.js';

export interface ToolCallerOptions {
  readonly contextStore: ContextStore;
  readonly rememberEpochs: boolean;
  /** Who acts when a call names no agent: needed only to remember epochs. */
  readonly agent: string | undefined;
  readonly onError: OnError | undefined;
}

type Arguments = Readonly<Record<string, unknown>>;
type Method = (input: Arguments, caller: Caller) => Promise<{ [key: string]: unknown; session?: Session }>;

/** Runs one tool for whoever calls. @throws ProtocolError for a tool that does not exist; every other failure is a result */
export type CallTool = (name: string, given: Arguments, caller: Caller) => Promise<CallToolResult>;

export function createToolCaller({ contextStore, rememberEpochs, agent, onError }: ToolCallerOptions): CallTool {
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
    const acting = epochs && actingAgent(given, caller, agent);
    try {
      const result = await method(fenced(name, given, acting, epochs), caller);
      // Of an error nothing is learnt: a fenced process stays fenced, and so does its retry.
      if (result.session !== undefined && result.session.owner === acting) epochs?.remember(result.session);
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

/** The domain's rule, strongest source first. What is malformed here is refused there. */
function actingAgent(
  given: Arguments,
  { boundAgent, clientName }: Caller,
  configured: string | undefined,
): string | undefined {
  const argument = given['agent'] ?? given['agentFrom'];
  return boundAgent ?? (typeof argument === 'string' ? argument : (configured ?? agentNameOf(clientName)));
}
