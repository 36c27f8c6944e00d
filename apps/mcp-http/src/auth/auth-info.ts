import type { AuthInfo, McpRequestContext } from '@modelcontextprotocol/server';
import type { Caller } from '@org/context-store';
import type { Principal } from './principal.js';

/** The principal as it goes through the SDK, without its credential: nothing behind the door needs that. */
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

/** Who calls, where everyone shows credentials. @throws Error when a request has got here without */
export function callerOf({ authInfo }: Pick<McpRequestContext, 'authInfo'>): Caller {
  const principal = authInfo?.extra?.['principal'] as Principal | undefined;
  if (principal === undefined) throw new Error('a request without credentials');
  return { namespace: principal.namespace, boundAgent: principal.agent };
}
