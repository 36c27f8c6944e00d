import { bearerAuthChallengeResponse, OAuthError, OAuthErrorCode, type AuthInfo } from '@modelcontextprotocol/server';
import { ContextStoreError } from '@org/domain';
import type { Message } from '../messages/message.js';
import { missingScopes, scopesNeeded } from './scopes.js';

/**
 * Answers a message whose credential lacks a scope: 403 with the missing scopes, in the form that clients need to request
 * them (RFC 6750, section 3.1). Returns undefined if the credential has all scopes that the message needs.
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
