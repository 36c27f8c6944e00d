import type { AuthInfo, McpRequestContext } from '@modelcontextprotocol/server';
import type { RequestCaller } from '@org/domain';
import type { Principal } from './principal.js';

/** Converts a principal for the SDK. The credential is left out: only the authenticator needs it. */
export function authInfoOf(principal: Principal, resourceMetadataUrl: string | undefined): AuthInfo {
  const { id, scopes, expiresAt } = principal;
  return {
    token: '',
    clientId: id,
    scopes: [...scopes],
    expiresAt,
    ...(resourceMetadataUrl !== undefined && { resourceMetadataUrl }),
    extra: { principal },
  };
}

/** Reads the caller of an authenticated request. @throws Error if the request was not authenticated, which is a defect */
export function callerOf({ authInfo }: Pick<McpRequestContext, 'authInfo'>): RequestCaller {
  const principal = authInfo?.extra?.['principal'] as Principal | undefined;
  if (principal === undefined) throw new Error('a request without credentials');
  const { id, namespace, agent } = principal;
  return { credential: id, namespace, agent };
}
