import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

export const requestIdHeader = 'X-Request-Id';

/** Visible ASCII, and short: it goes into headers and into the log as it is. */
const wellFormed = /^[\x21-\x7e]{1,128}$/;

/** The caller's own name for its request, which proxies give too, or else a new one. */
export function requestIdOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && wellFormed.test(given) ? given : randomUUID();
}
