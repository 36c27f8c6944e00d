import { setTimeout as sleep } from 'node:timers/promises';
import { bearerAuthChallengeResponse, OAuthError, OAuthErrorCode } from '@modelcontextprotocol/server';
import { idOfKey } from '@org/api-keys';
import { ContextStoreError } from '@org/context-store';
import type { MiddlewareHandler } from 'hono';
import type { ServerBindings } from '../http/http-server.js';
import { refusalResponse, refused, type Refusal } from '../http/refusal.js';
import type { AppVariables } from './principal.js';
import type { Authenticator } from './authenticator.js';
import { CredentialError } from './credential-error.js';
import { agentScopes } from './resource-metadata.js';

/** The request whose credential was refused. */
export interface RefusedCredential {
  readonly requestId: string;
  /** `key:ID` if it is an API key. Undefined if it is malformed, or a token, whose claims prove nothing. */
  readonly credential: string | undefined;
  /** The address of the connection: of the client, or of the last proxy. */
  readonly address: string | undefined;
}

export type OnCredentialRefusal = (reason: CredentialError, request: RefusedCredential) => void;

export interface RequireCredentialOptions {
  readonly authenticator: Pick<Authenticator, 'authenticate'>;
  /** The URL of the metadata that names the token issuer. Undefined if the server takes API keys alone. */
  readonly resourceMetadataUrl: string | undefined;
  /** Is called with the reason of a refusal. The caller only gets the status. */
  readonly onRefusal: OnCredentialRefusal;
  /**
   * By how much a refusal is delayed, in milliseconds. Default: one second. A forged credential costs as much to check as a
   * good one, and there is no identity yet by which its sender could be rate limited.
   */
  readonly refusalDelayMs?: number | undefined;
}

interface Env {
  Bindings: ServerBindings;
  Variables: AppVariables;
}

const retryAfterSeconds = 2;

/** RFC 6750, section 2.1. Node.js joins two headers with a comma, which does not match. */
const bearer = /^bearer +([\w.~+/-]+=*)$/i;

/** Refuses requests without a valid credential. Stores the principal of the others as the variable `principal`. */
export function requireCredential(options: RequireCredentialOptions): MiddlewareHandler<Env> {
  const { authenticator, resourceMetadataUrl, onRefusal, refusalDelayMs = 1000 } = options;
  return async (context, next) => {
    const { requestId } = context.env;
    const header = context.req.header('authorization');
    if (header === undefined) return refusalResponse(requestCredential(resourceMetadataUrl), context.env);
    const credential = bearer.exec(header)?.[1];
    try {
      if (credential === undefined)
        throw new CredentialError(401, 'the Authorization header is not one Bearer credential');
      context.set('principal', await authenticator.authenticate(credential));
    } catch (error) {
      if (!(error instanceof CredentialError)) throw error;
      const keyId = credential && idOfKey(credential);
      const { remoteAddress: address } = context.env.incoming.socket;
      onRefusal(error, { requestId, credential: keyId && `key:${keyId}`, address });
      return sleep(refusalDelayMs, refusalResponse(refuseCredential(error, resourceMetadataUrl), context.env));
    }
    return next();
  };
}

/** RFC 6750, section 3.1: the challenge has no error code if the request has no credential. The SDK cannot write that one. */
function requestCredential(resourceMetadataUrl: string | undefined): Refusal {
  const source = resourceMetadataUrl === undefined ? 'an API key of this server' : `what ${resourceMetadataUrl} says`;
  const message = `This needs credentials: send Authorization: Bearer with ${source}.`;
  const metadata = resourceMetadataUrl === undefined ? '' : `, resource_metadata="${resourceMetadataUrl}"`;
  return unauthorized('no_credential', message, `Bearer scope="${agentScopes.join(' ')}"${metadata}`);
}

/** The message says no more than the status: details would only help to forge credentials. */
function refuseCredential({ status }: CredentialError, resourceMetadataUrl: string | undefined): Refusal {
  switch (status) {
    case 401: {
      const message = 'These credentials are not valid, or not any more. Get new ones.';
      return unauthorized('bad_credential', message, invalidTokenChallenge(message, resourceMetadataUrl));
    }
    case 403: {
      const message = 'These credentials are valid, but give access to nothing here. Ask the operator of the server.';
      const error = new ContextStoreError('FORBIDDEN', message);
      return { status: 403, reason: 'no_access', code: refused, message, error };
    }
    case 503: {
      const message = 'Credentials cannot be checked now. Send the same request again in a moment.';
      const headers = { 'Retry-After': String(retryAfterSeconds) };
      return { status: 503, reason: 'credential_unchecked', code: refused, message, headers };
    }
  }
}

const unauthorized = (
  reason: 'no_credential' | 'bad_credential',
  message: string,
  wwwAuthenticate: string,
): Refusal => ({
  status: 401,
  reason,
  code: refused,
  message,
  headers: { 'WWW-Authenticate': wwwAuthenticate },
  error: new ContextStoreError('UNAUTHORIZED', message),
});

/** RFC 6750, section 3, and RFC 9728, section 5.1, as the SDK writes it. */
function invalidTokenChallenge(message: string, resourceMetadataUrl: string | undefined): string {
  const { headers } = bearerAuthChallengeResponse(new OAuthError(OAuthErrorCode.InvalidToken, message), {
    requiredScopes: [...agentScopes],
    ...(resourceMetadataUrl !== undefined && { resourceMetadataUrl }),
  });
  return headers.get('WWW-Authenticate') ?? '';
}
