import { parseInput } from '@org/domain';
import { z } from 'zod';

/** Checks settings. @param name the option that holds them @throws VALIDATION_ERROR (names every wrong setting) */
export function requireSettings(name: string, schema: z.ZodType, settings: unknown): void {
  parseInput(z.strictObject({ [name]: schema }), { [name]: settings }, 'options');
}

/** Schema of an optional function. */
export const callback = <Callback>(): z.ZodOptional<z.ZodType<Callback>> =>
  z.custom<Callback>((value) => typeof value === 'function', 'must be a function').optional();
