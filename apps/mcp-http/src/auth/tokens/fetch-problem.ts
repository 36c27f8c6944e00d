/**
 * Describes, for the log, why a fetch failed. `fetch` only tells the reason in the cause of its error. The text never
 * contains what the other server answered.
 */
export function fetchProblem(error: unknown): string {
  if (error instanceof SyntaxError) return 'the answer is no JSON';
  const { name, message, cause } = error as Error;
  if (name === 'TimeoutError') return 'no answer in time';
  return message === 'fetch failed' && cause instanceof Error ? reasonOf(cause) : message;
}

/** A host with several addresses fails for several reasons. Error codes of undici tell less than its messages. */
function reasonOf(cause: Error & { readonly code?: string }): string {
  if (cause instanceof AggregateError) return [...new Set((cause.errors as Error[]).map(reasonOf))].join(', ');
  return cause.code === undefined || cause.code.startsWith('UND_') ? cause.message : cause.code;
}
