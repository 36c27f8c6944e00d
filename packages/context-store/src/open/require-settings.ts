import { parseInput } from '@org/domain';
import { z } from 'zod';

/** Checks settings. @param name the option that holds them @throws VALIDATION_ERROR (names every wrong setting) */
export function requireSettings<Settings>(name: string, schema: z.ZodType<Settings>, settings: Settings): void {
  parseInput(z.strictObject({ [name]: schema }), { [name]: settings }, 'options');
}

/** Schema of an optional function. */
export const callback = <Callback>(): z.ZodOptional<z.ZodType<Callback>> =>
  z.custom<Callback>((value) => typeof value === 'function', 'must be a function').optional();
