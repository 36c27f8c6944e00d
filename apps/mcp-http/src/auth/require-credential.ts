import { setTimeout as sleep } from 'node:timers/promises';
import { ContextStoreError } from '@org/context-store';
import type { MiddlewareHandler } from 'hono';
import type { ServerBindings } from '../http/http-server.js';
import { refusalResponse, refused, type Refusal } from '../http/read-request.js';
import type { AppVariables } from './principal.js';
import type { Authenticator } from './authenticator.js';
import { CredentialError } from './credential-error.js';
import { agentScopes } from './resource-metadata.js';

export interface RequireCredentialOptions {
  readonly authenticator: Pick<Authenticator, 'authenticate'>;
  /** Where a client learns who issues tokens. Absent: nobody does. */
  readonly resourceMetadataUrl: string | undefined;
  /** Hears why a credential was refused: its caller learns no more than the status. */
  readonly onRefusal: (reason: CredentialError, request: { readonly requestId: string }) => void;
  /**
   * How long it is held back that a credential was refused, in milliseconds. Default one second. It takes as long to see
   * through a forged one as to check a good one, and whoever sends them is known by nothing that could limit them.
   */
  readonly refusalDelayMs?: number | undefined;
}

interface Env {
  Bindings: ServerBindings;
  Variables: AppVariables;
}

const retryAfterSeconds = 2;

/** RFC 6750, section 2.1; two headers arrive as one, with a comma. */
const bearer = /^bearer +([\w.~+/-]+=*)$/i;

/** Lets nobody pass without a credential, and leaves the principal for those that come after. */
export function requireCredential(options: RequireCredentialOptions): MiddlewareHandler<Env> {
  const { authenticator, resourceMetadataUrl, onRefusal, refusalDelayMs = 1000 } = options;
  return async (context, next) => {
    const { requestId } = context.env;
    const header = context.req.header('authorization');
    if (header === undefined) return refusalResponse(askForCredential(resourceMetadataUrl), context.env);
    try {
      const [, credential] = bearer.exec(header) ?? [];
      if (credential === undefined)
        throw new CredentialError(401, 'the Authorization header is not one Bearer credential');
      context.set('principal', await authenticator.authenticate(credential));
    } catch (error) {
      if (!(error instanceof CredentialError)) throw error;
      onRefusal(error, { requestId });
      return sleep(refusalDelayMs, refusalResponse(refuseCredential(error, resourceMetadataUrl), context.env));
    }
    return next();
  };
}

function askForCredential(resourceMetadataUrl: string | undefined): Refusal {
  const source = resourceMetadataUrl === undefined ? 'an API key of this server' : `what ${resourceMetadataUrl} says`;
  const message = `This needs credentials: send Authorization: Bearer with ${source}.`;
  return unauthorized('no_credential', message, challenge(resourceMetadataUrl));
}

/** Says no more than the status does: what exactly is wrong helps only whoever tries to forge one. */
function refuseCredential({ status }: CredentialError, resourceMetadataUrl: string | undefined): Refusal {
  switch (status) {
    case 401:
      return unauthorized(
        'bad_credential',
        'These credentials are not valid, or not any more. Get new ones.',
        challenge(resourceMetadataUrl, 'error="invalid_token"'),
      );
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

/** RFC 6750, section 3, and RFC 9728, section 5.1. Without an error when nothing was sent that could be wrong. */
function challenge(resourceMetadataUrl: string | undefined, ...error: string[]): string {
  const metadata = resourceMetadataUrl === undefined ? [] : [`resource_metadata="${resourceMetadataUrl}"`];
  return `Bearer ${[...error, `scope="${agentScopes.join(' ')}"`, ...metadata].join(', ')}`;
}
