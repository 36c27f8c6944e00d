import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

export const requestIdHeader = 'X-Request-Id';

/** Short visible ASCII, which is safe to copy into headers and the log. */
const wellFormed = /^[\x21-\x7e]{1,128}$/;

/** Returns the `X-Request-Id` that a caller or a proxy has sent. Returns a new id if there is none, or it is malformed. */
export function requestIdOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && wellFormed.test(given) ? given : randomUUID();
}
