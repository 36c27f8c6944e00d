import { isContextStoreError, withoutOutcome } from '@org/domain';

/** Returns what an error says, on one line and without a stack. The innermost cause of others than ours says most. */
export function describeError(error: unknown): string {
  if (isContextStoreError(error)) return withoutOutcome(error);
  let at = error;
  while (at instanceof Error && at.cause !== undefined) at = at.cause;
  if (!(at instanceof Error)) return String(at);
  return at.message === '' ? ((at as NodeJS.ErrnoException).code ?? at.name) : at.message;
}
