import {
  getOAuthProtectedResourceMetadataUrl,
  type OAuthProtectedResourceMetadata,
} from '@modelcontextprotocol/server';
import { scopes } from '@org/domain';

/** The scopes that a challenge names: all that an agent can use. */
export const agentScopes: readonly string[] = Object.keys(scopes).filter((scope) => scope !== 'admin');

export interface ResourceMetadata {
  /** The URL of the document. */
  readonly url: string;
  readonly document: OAuthProtectedResourceMetadata;
}

/**
 * Creates the metadata that names the token issuer (RFC 9728).
 *
 * @param resource the URL of /mcp as clients reach it
 */
export function resourceMetadata(resource: URL, issuer: string): ResourceMetadata {
  return {
    url: getOAuthProtectedResourceMetadataUrl(resource),
    document: {
      resource: resource.href,
      authorization_servers: [issuer],
      scopes_supported: [...agentScopes],
      bearer_methods_supported: ['header'],
      resource_name: 'Context Store',
    },
  };
}
