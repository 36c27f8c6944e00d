import { bearerAuthChallengeResponse, OAuthError, OAuthErrorCode, type AuthInfo } from '@modelcontextprotocol/server';
import { ContextStoreError } from '@org/domain';
import type { Message } from './message.js';
import { missingScopes, scopesNeeded } from './scopes.js';

/**
 * The answer to a message that its credential is not good for: 403 with the scopes that are missing, as a client that can
 * ask for more expects it (RFC 6750, section 3.1). Undefined: it is good for it.
 */
export function refuseScope(
  message: Message,
  { scopes: granted, resourceMetadataUrl }: AuthInfo,
): Response | undefined {
  const missing = missingScopes(scopesNeeded(message), granted);
  if (missing.length === 0) return undefined;
  const problem = `This needs the scope ${missing.join(' and ')}, which these credentials do not have. Ask for credentials that do.`;
  const { headers } = bearerAuthChallengeResponse(new OAuthError(OAuthErrorCode.InsufficientScope, problem), {
    requiredScopes: missing,
    ...(resourceMetadataUrl !== undefined && { resourceMetadataUrl }),
  });
  const error = new ContextStoreError('FORBIDDEN', problem, { missingScopes: missing });
  const id = 'id' in message.body ? message.body.id : null;
  return Response.json(
    { jsonrpc: '2.0', id, error: { code: -32_000, message: problem, data: error } },
    { status: 403, headers: { 'WWW-Authenticate': headers.get('WWW-Authenticate') ?? '' } },
  );
}
