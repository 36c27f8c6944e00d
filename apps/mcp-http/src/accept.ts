import { parseAccept } from 'hono/utils/accept';

/** What a message may be answered by. MCP, Streamable HTTP: a client MUST accept both. */
const answerTypes = ['application/json', 'text/event-stream'] as const;
const allAnswerTypes = answerTypes.join(', ');

/** Whether a client takes whatever it may be answered by (RFC 9110, section 12.5.1). Without the header, it does. */
export function acceptsAnswers(accept: string | undefined): boolean {
  if (accept === undefined || accept.trim() === '' || accept === allAnswerTypes) return true;
  const qualities = new Map(parseAccept(accept).map(({ type, q }) => [type.toLowerCase(), q]));
  return answerTypes.every((type) => {
    const [group] = type.split('/');
    // The most specific range counts: what is excluded by its own name is not let in by a wildcard.
    return (qualities.get(type) ?? qualities.get(`${group}/*`) ?? qualities.get('*/*') ?? 0) > 0;
  });
}

/** The SDK looks for the names of both types in the header, and knows no ranges: a client that takes both names them. */
export function nameAnswerTypes({ headers }: Request): void {
  const accept = headers.get('accept') ?? '';
  if (!answerTypes.every((type) => accept.includes(type))) headers.set('accept', allAnswerTypes);
}
