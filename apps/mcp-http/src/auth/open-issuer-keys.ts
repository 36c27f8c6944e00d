import { setTimeout as delay } from 'node:timers/promises';
import { createRemoteJWKSet, errors, type JWTVerifyGetKey, type RemoteJWKSet } from 'jose';
import { CredentialError } from './credential-error.js';
import { findKeysUrl } from './find-keys-url.js';

export interface IssuerKeysOptions {
  readonly issuer: string;
  /** Absent: as the issuer's metadata says. */
  readonly jwksUrl?: URL | undefined;
  /** Takes one line. */
  readonly log: (line: string) => void;
}

export interface IssuerKeys {
  /** @throws CredentialError 503 when the keys are out of reach, an error of jose when the token's is not among them */
  readonly keyFor: JWTVerifyGetKey;
  /** Why there are no keys yet; undefined when there are. */
  readonly unreadiness: () => string | undefined;
}

/** A key that the issuer withdrew is trusted no longer than this, while the issuer can be reached. */
const refreshMs = 5 * 60_000;
const retryMs = 2000;
/** A token with an unknown key makes us look for new ones, but no more often than this, whoever sends how many. */
const cooldownMs = 2000;

/** A server that starts would rather have the keys before its first call, but not wait for an issuer that hangs. */
const firstWaitMs = 2000;

/** Keeps the public keys of an authorization server, and goes on with those that it has while that server is away. */
export async function openIssuerKeys({ issuer, jwksUrl, log }: IssuerKeysOptions): Promise<IssuerKeys> {
  let keySet: RemoteJWKSet | undefined;
  let hasKeys = false;
  let isAway = false;

  const look = async (): Promise<void> => {
    try {
      keySet ??= createRemoteJWKSet(jwksUrl ?? (await findKeysUrl(issuer)), {
        cooldownDuration: cooldownMs,
        cacheMaxAge: Infinity,
      });
      await keySet.reload();
      if (isAway) log(`The keys of ${issuer} are there again`);
      [hasKeys, isAway] = [true, false];
    } catch (error) {
      const consequence = hasKeys ? 'those from before are used on' : 'no token can be checked';
      if (!isAway) log(`The keys of ${issuer} cannot be had, ${consequence}: ${reasonOf(error)}`);
      isAway = true;
    }
    setTimeout(() => void look(), isAway ? retryMs : refreshMs).unref();
  };
  await Promise.race([look(), delay(firstWaitMs, undefined, { ref: false })]);

  return {
    keyFor: async (header, token) => {
      if (keySet === undefined || !hasKeys) throw new CredentialError(503, `the keys of ${issuer} cannot be had`);
      try {
        return await keySet(header, token);
      } catch (error) {
        if (isTokensFault(error)) throw error;
        throw new CredentialError(503, `new keys of ${issuer} cannot be had: ${reasonOf(error)}`, { cause: error });
      }
    },
    unreadiness: () => (hasKeys ? undefined : 'The keys of the authorization server cannot be had.'),
  };
}

const isTokensFault = (error: unknown): boolean =>
  error instanceof errors.JWKSNoMatchingKey ||
  error instanceof errors.JWKSMultipleMatchingKeys ||
  error instanceof errors.JOSENotSupported;

/** What fetch throws says why in its cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message} (${cause.message})` : message;
}
