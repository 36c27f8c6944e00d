import { ProtocolError, ProtocolErrorCode, ResourceNotFoundError } from '@modelcontextprotocol/server';
import { sessionKeySchema } from '@org/domain';

export const sessionsUri = 'handoff://sessions';

/** What can be read of one session. */
export const sessionResources = ['summary', 'context'] as const;
export type SessionResource = (typeof sessionResources)[number];

export const uriTemplate = (resource: SessionResource): string => `handoff://${resource}/{sessionKey}`;
export const sessionUri = (resource: SessionResource, sessionKey: string): string =>
  `handoff://${resource}/${sessionKey}`;

export type ParsedUri =
  | { readonly resource: 'sessions' }
  | { readonly resource: SessionResource; readonly sessionKey: string };

/**
 * Session keys need no percent-encoding, so a URI is taken literally: nothing is decoded, and a query or fragment is part
 * of a key that does not exist.
 * @throws ResourceNotFoundError, ProtocolError (the session key is malformed)
 */
export function parseUri(uri: string): ParsedUri {
  if (uri === sessionsUri) return { resource: 'sessions' };
  for (const resource of sessionResources) {
    const prefix = sessionUri(resource, '');
    if (uri.startsWith(prefix)) return { resource, sessionKey: checkedKey(uri.slice(prefix.length), uri) };
  }
  const known = [sessionsUri, ...sessionResources.map(uriTemplate)].join(', ');
  throw new ResourceNotFoundError(uri, `Resource not found: ${uri}. There are ${known}.`);
}

function checkedKey(sessionKey: string, uri: string): string {
  const parsed = sessionKeySchema.safeParse(sessionKey);
  if (parsed.success) return sessionKey;
  const form = parsed.error.issues.map(({ message }) => message).join('; ');
  throw new ProtocolError(
    ProtocolErrorCode.InvalidParams,
    `uri: the session key in ${uri} is malformed. It is ${form}.`,
    {
      uri,
      reason: 'invalid_session_key',
    },
  );
}
