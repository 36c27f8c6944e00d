import type { Tool } from '@modelcontextprotocol/server';
import { useCases, type UseCaseName } from '@org/domain';
import { inputJsonSchema } from './input-json-schema.js';
import { toolDescriptions } from './tool-descriptions.js';

/** The names of all tools, in the order in which a model should read them. */
export const toolNames = Object.keys(useCases) as readonly UseCaseName[];

export const isToolName = (name: string): name is UseCaseName => Object.hasOwn(useCases, name);

/**
 * The tools of the life of a session: find work, accept it, begin, record, hand over. Claude Code shows them to its model
 * from the start; without this it defers all of them behind a search, which models do not think of. `acceptHandoff` answers
 * with a briefing, so `getBriefing` is not among them.
 */
const coreTools: ReadonlySet<UseCaseName> = new Set([
  'registerSession',
  'updateContext',
  'requestHandoff',
  'listHandoffs',
  'acceptHandoff',
]);

/**
 * The answer to `tools/list`, the same for every client. Every hint is given: without a hint, clients must treat a tool as
 * destructive and open to the world. They then ask their user before each call, or refuse it.
 */
export const tools: readonly Tool[] = toolNames.map((name) => {
  const { title, description, effects, arguments: argumentDescriptions = {} } = toolDescriptions[name];
  return {
    name,
    description,
    inputSchema: inputJsonSchema(useCases[name].input, argumentDescriptions),
    annotations: { title, ...effects, openWorldHint: false },
    ...(coreTools.has(name) && { _meta: { 'anthropic/alwaysLoad': true } }),
  };
});
