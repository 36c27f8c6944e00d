import type { z } from 'zod';

/**
 * Returns the arguments without those that the caller left out. Clients with strict function calling send null or an
 * empty text for them. Such a value is dropped, unless the argument is required, unknown or valid with it.
 */
export function givenArguments<Given>(schema: z.ZodObject, input: Given): Given {
  if (typeof input !== 'object' || input === null) return input;
  const isLeftOut = ([name, value]: [string, unknown]): boolean =>
    (value === null || value === '') && isEmptyOption(schema, name, value);
  const entries = Object.entries(input);
  return entries.some(isLeftOut) ? (Object.fromEntries(entries.filter((entry) => !isLeftOut(entry))) as Given) : input;
}

function isEmptyOption({ shape }: z.ZodObject, name: string, value: null | ''): boolean {
  const field = Object.hasOwn(shape, name) ? (shape[name] as z.ZodType) : undefined;
  return field !== undefined && field.safeParse(undefined).success && !field.safeParse(value).success;
}
