import type { JSONObject, Tool } from '@modelcontextprotocol/server';
import { z } from 'zod';

/**
 * The schema of a use case's arguments, as the flat object that clients require at the root. It leaves out patterns, lengths
 * and lower bounds, which would cost tokens in every conversation: the domain's errors explain them when they matter.
 */
export function inputJsonSchema(
  input: z.ZodObject,
  descriptions: { readonly [argument: string]: string | undefined },
): Tool['inputSchema'] {
  const { properties = {}, required = [] } = z.toJSONSchema(input, { io: 'input' });
  const slimmed = Object.entries(properties).map(([name, schema]): [string, JSONObject] => {
    const description = descriptions[name];
    return [name, description === undefined ? slim(schema) : { ...slim(schema), description }];
  });
  return {
    type: 'object',
    properties: Object.fromEntries(slimmed),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
}

function slim(schema: z.core.JSONSchema._JSONSchema): JSONObject {
  if (typeof schema === 'boolean') return {};
  const { type, enum: values, items, maximum, default: preset } = schema;
  return {
    ...(type !== undefined && { type }),
    ...(values !== undefined && { enum: values }),
    ...(items !== undefined && !Array.isArray(items) && { items: slim(items) }),
    ...(maximum !== undefined && maximum !== Number.MAX_SAFE_INTEGER && { maximum }),
    ...((typeof preset === 'string' || typeof preset === 'number') && { default: preset }),
  };
}
