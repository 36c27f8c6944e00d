import { parseAccept } from 'hono/utils/accept';

/** The media types of answers. MCP, Streamable HTTP: a client MUST accept both. */
const answerTypes = ['application/json', 'text/event-stream'] as const;
const allAnswerTypes = answerTypes.join(', ');

/** Returns true if a client accepts both types of answers, or sends no Accept header (RFC 9110, section 12.5.1). */
export function acceptsAnswers(accept: string | undefined): boolean {
  if (accept === undefined || accept.trim() === '' || accept === allAnswerTypes) return true;
  const qualities = new Map(parseAccept(accept).map(({ type, q }) => [type.toLowerCase(), q]));
  return answerTypes.every((type) => {
    const [group] = type.split('/');
    // The most specific range counts: a wildcard does not include a type that is excluded by name.
    return (qualities.get(type) ?? qualities.get(`${group}/*`) ?? qualities.get('*/*') ?? 0) > 0;
  });
}

/** Writes the names of both types into the Accept header. The SDK searches it for them, and does not know ranges. */
export function nameAnswerTypes({ headers }: Request): void {
  const accept = headers.get('accept') ?? '';
  if (!answerTypes.every((type) => accept.includes(type))) headers.set('accept', allAnswerTypes);
}
