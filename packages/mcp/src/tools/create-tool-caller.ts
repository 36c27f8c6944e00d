import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import { givenArguments, quoteOf, useCases, type ContextStore, type UseCaseName } from '@org/domain';
import { reportError, type OnError } from '../errors/report-error.js';
import { findActingAgent } from '../find-acting-agent.js';
import type { CallTool, ToolArguments } from './call-tool.js';
import { withoutClientArguments } from './client-arguments.js';
import { createFencedCaller, type ToolMethod } from './fenced-caller.js';
import type { LastSession } from './last-session.js';
import { observeCalls, type FinishedCall } from './observe-calls.js';
import { toolErrorResult, toolResult } from './tool-result.js';
import { isToolName, toolNames } from './tools.js';

export interface ToolCallerOptions {
  readonly contextStore: ContextStore;
  /**
   * Adds the epoch to calls that give none, so that this process is fenced even against another process with the same agent
   * name. For a process that serves one person and one namespace. Default: false.
   */
  readonly rememberEpochs?: boolean | undefined;
  /** When it aborts, waiting calls return an empty answer, so that the process can stop. */
  readonly stopping?: AbortSignal | undefined;
  readonly onError?: OnError | undefined;
  /** Receives every tool call that was answered. Each call is measured only if this is set. */
  readonly onCall?: ((call: FinishedCall) => void) | undefined;
}

/** @param lastSession learns which session this process works on, if it serves one person */
export function createToolCaller(options: ToolCallerOptions, lastSession?: Pick<LastSession, 'learn'>): CallTool {
  const { contextStore, rememberEpochs = false, stopping, onError, onCall } = options;
  const callFenced = rememberEpochs ? createFencedCaller() : undefined;
  const callTool: CallTool = async (name, sent, caller) => {
    if (!isToolName(name)) throw unknownTool(name);
    const given = givenArguments(useCases[name].input, withoutClientArguments(sent));
    try {
      const view = contextStore.as('waitSeconds' in given ? { ...caller, stopping } : caller);
      // Each method's input and result match its tool; TypeScript cannot tell for a union of tools.
      const methodOf = (tool: UseCaseName): ToolMethod => view[tool] as unknown as ToolMethod;
      const method = methodOf(name);
      const agent = callFenced && findActingAgent(view, agentArgument(given));
      // Without an agent, the call is refused; the method says why.
      const answer = await (callFenced === undefined || agent === undefined
        ? method(given)
        : callFenced({ name, method, accept: methodOf('acceptHandoff'), given }, agent));
      lastSession?.learn(name, answer);
      return toolResult(answer);
    } catch (error) {
      return toolErrorResult(reportError(error, caller, onError, name));
    }
  };
  return onCall === undefined ? callTool : observeCalls(callTool, onCall);
}

function agentArgument(given: ToolArguments): string | undefined {
  const argument = given['agent'] ?? given['agentFrom'];
  return typeof argument === 'string' ? argument : undefined;
}

const unknownTool = (name: string): ProtocolError =>
  new ProtocolError(
    ProtocolErrorCode.InvalidParams,
    `Unknown tool: ${quoteOf(name)}. There are ${toolNames.join(', ')}.`,
  );
