import { isApiKey } from '@org/api-keys';
import type { Environment, environmentTable } from '@org/context-store/environment';
import { publicUrl, type AuthEnvironment } from './auth-environment.js';
import type { Authenticator } from './authenticator.js';
import { CredentialError } from './credential-error.js';
import { openApiKeyAuthenticator } from './open-api-key-authenticator.js';
import { resourceMetadata, type ResourceMetadata } from './resource-metadata.js';

type AuthSettings = AuthEnvironment & Pick<Environment<typeof environmentTable>, 'CONTEXT_NAMESPACE'>;

/** How the server authenticates its callers. */
export interface Auth {
  readonly authenticator: Authenticator;
  /** Undefined if no authorization server issues tokens for this server. */
  readonly metadata: ResourceMetadata | undefined;
}

/**
 * Opens the authenticators that the environment asks for. Returns undefined if it asks for none: callers are then
 * unauthenticated. The code for tokens is loaded only if AUTH_ISSUER is set.
 *
 * @throws VALIDATION_ERROR if API_KEYS_FILE cannot be read
 */
export async function openAuth(environment: AuthSettings, log: (line: string) => void): Promise<Auth | undefined> {
  const { AUTH_ISSUER: issuer, API_KEYS_FILE: keysFile } = environment;
  const apiKeys = keysFile === undefined ? undefined : openApiKeyAuthenticator(keysFile, log);
  const tokens = await openTokens(environment, log);
  if (tokens === undefined && apiKeys === undefined) return undefined;
  const resource = publicUrl(environment);
  return {
    authenticator: {
      authenticate: async (credential) => {
        const authenticator = isApiKey(credential) ? apiKeys : tokens;
        if (authenticator === undefined) throw new CredentialError(401, 'credentials of this kind are not accepted');
        return authenticator.authenticate(credential);
      },
      unreadiness: () => tokens?.unreadiness() ?? apiKeys?.unreadiness(),
    },
    metadata: issuer === undefined || resource === undefined ? undefined : resourceMetadata(resource, issuer),
  };
}

async function openTokens(environment: AuthSettings, log: (line: string) => void): Promise<Authenticator | undefined> {
  const { AUTH_ISSUER: issuer, AUTH_AUDIENCE: audience, AUTH_JWKS_URL: jwksUrl } = environment;
  if (issuer === undefined || audience === undefined) return undefined;
  const { openTokenAuthenticator } = await import('./tokens/open-token-authenticator.js');
  return openTokenAuthenticator({
    issuer,
    audience,
    jwksUrl: jwksUrl === undefined ? undefined : new URL(jwksUrl),
    namespaceClaim: environment.AUTH_NAMESPACE_CLAIM,
    ownNamespace: environment.CONTEXT_NAMESPACE,
    agentClaim: environment.AUTH_AGENT_CLAIM,
    log,
  });
}
