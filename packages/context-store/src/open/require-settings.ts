import { ContextStoreError } from '@org/domain';
import type { z } from 'zod';

/** Checks settings. @param name the option that holds them @throws VALIDATION_ERROR (names every wrong setting) */
export function requireSettings<Settings>(name: string, schema: z.ZodType<Settings>, settings: Settings): void {
  const { error } = schema.safeParse(settings);
  if (error === undefined) return;
  const issues = error.issues.map(({ path, message }) => ({ path: [name, ...path].join('.'), message }));
  const message = issues.map((issue) => `${issue.path}: ${issue.message}`).join('; ');
  throw new ContextStoreError('VALIDATION_ERROR', message, { issues });
}
