import type { Tool } from '@modelcontextprotocol/server';
import { useCases, type UseCaseName } from '@org/domain';
import { inputJsonSchema } from './input-json-schema.js';
import { toolDescriptions } from './tool-descriptions.js';

/** The names of all tools, in the order in which a model should meet them. */
export const toolNames = Object.keys(useCases) as readonly UseCaseName[];

export const isToolName = (name: string): name is UseCaseName => Object.hasOwn(useCases, name);

/** The answer to `tools/list`, for every client the same. */
export const tools: readonly Tool[] = toolNames.map((name) => {
  const { description, effect, arguments: argumentDescriptions = {} } = toolDescriptions[name];
  return {
    name,
    description,
    inputSchema: inputJsonSchema(useCases[name].input, argumentDescriptions),
    // Without them a client must take every tool for one that may destroy something, and asks its user each time.
    annotations: effect === 'reads' ? { readOnlyHint: true } : { destructiveHint: false },
  };
});
