import {
  getOAuthProtectedResourceMetadataUrl,
  type OAuthProtectedResourceMetadata,
} from '@modelcontextprotocol/server';
import { scopes } from '@org/mcp';

/** What an agent asks for that has nothing else to go by: all that it can use. */
export const agentScopes: readonly string[] = Object.keys(scopes).filter((scope) => scope !== 'admin');

export interface ResourceMetadata {
  /** Where clients find the document. */
  readonly url: string;
  readonly document: OAuthProtectedResourceMetadata;
}

/** Tells clients whom to ask for tokens (RFC 9728). `resource`: the URL of /mcp as clients reach it. */
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
