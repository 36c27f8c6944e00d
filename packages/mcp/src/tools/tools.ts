import type { Tool } from '@modelcontextprotocol/server';
import { useCases, type UseCaseName } from '@org/domain';
import { inputJsonSchema } from './input-json-schema.js';
import { toolDescriptions } from './tool-descriptions.js';

/** The names of all tools, in the order in which a model should meet them. */
export const toolNames = Object.keys(useCases) as readonly UseCaseName[];

export const isToolName = (name: string): name is UseCaseName => Object.hasOwn(useCases, name);

/**
 * The answer to `tools/list`, for every client the same. Every hint is given: a client must take a tool for destructive and open
 * to the world where it isn't told otherwise, and then asks its user each time, or refuses the call where it has none.
 */
export const tools: readonly Tool[] = toolNames.map((name) => {
  const { title, description, effects, arguments: argumentDescriptions = {} } = toolDescriptions[name];
  return {
    name,
    description,
    inputSchema: inputJsonSchema(useCases[name].input, argumentDescriptions),
    annotations: { title, ...effects, openWorldHint: false },
  };
});
