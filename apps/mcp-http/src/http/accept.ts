import { parseAccept } from 'hono/utils/accept';

/** The media types of answers to a message. MCP, Streamable HTTP: a client MUST accept both. */
const answerTypes = ['application/json', 'text/event-stream'] as const;
const allAnswerTypes = answerTypes.join(', ');

/** Whether a client accepts both types of answers (RFC 9110, section 12.5.1). Without the header, it accepts all. */
export function acceptsAnswers(accept: string | undefined): boolean {
  if (accept === undefined || accept.trim() === '' || accept === allAnswerTypes) return true;
  const qualities = new Map(parseAccept(accept).map(({ type, q }) => [type.toLowerCase(), q]));
  return answerTypes.every((type) => {
    const [group] = type.split('/');
    // The most specific range counts: a wildcard does not let in a type that is excluded by its name.
    return (qualities.get(type) ?? qualities.get(`${group}/*`) ?? qualities.get('*/*') ?? 0) > 0;
  });
}

/** Writes the names of both types into the header. The SDK looks for them there, and does not know ranges. */
export function nameAnswerTypes({ headers }: Request): void {
  const accept = headers.get('accept') ?? '';
  if (!answerTypes.every((type) => accept.includes(type))) headers.set('accept', allAnswerTypes);
}
