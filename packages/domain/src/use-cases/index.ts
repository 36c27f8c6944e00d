import { acceptHandoff } from './accept-handoff.js';
import { getBriefing } from './get-briefing.js';
import { getContext } from './get-context.js';
import { listHandoffs } from './list-handoffs.js';
import { listSessions } from './list-sessions.js';
import { registerSession } from './register-session.js';
import { requestHandoff } from './request-handoff.js';
import { resolveHandoff } from './resolve-handoff.js';
import type { ToolInputs, ToolResults } from './tool-types.js';
import { updateContext } from './update-context.js';
import { updateSession } from './update-session.js';

/** All use cases by name, in the order in which models see the tools. */
export const useCases = {
  registerSession,
  updateContext,
  getContext,
  getBriefing,
  requestHandoff,
  listHandoffs,
  acceptHandoff,
  resolveHandoff,
  listSessions,
  updateSession,
} as const;

export type UseCases = typeof useCases;
/** The name of a use case, and of its MCP tool. */
export type UseCaseName = keyof ToolInputs;

/** The arguments of a use case, before defaults. */
export type UseCaseInput<Name extends UseCaseName> = ToolInputs[Name];
/** The answer of a use case. */
export type UseCaseResult<Name extends UseCaseName> = ToolResults[Name];
