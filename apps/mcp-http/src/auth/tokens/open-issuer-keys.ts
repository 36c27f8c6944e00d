import { setTimeout as delay } from 'node:timers/promises';
import { createRemoteJWKSet, errors, type CryptoKey, type JWSHeaderParameters, type RemoteJWKSet } from 'jose';
import { CredentialError } from '../credential-error.js';
import { fetchProblem } from './fetch-problem.js';
import { findKeysUrl } from './find-keys-url.js';

export interface IssuerKeysOptions {
  readonly issuer: string;
  /** Default: the URL in the issuer's metadata. */
  readonly jwksUrl?: URL | undefined;
  /** Takes one line. */
  readonly log: (line: string) => void;
}

export interface IssuerKeys {
  /**
   * Yields the keys that may have signed a token with this header. It is one key if the header names it; otherwise all keys
   * for the algorithm, and then the same after the keys were fetched again. Take the next key only if the last one failed.
   *
   * @throws CredentialError 503 if the keys cannot be fetched; an error of jose if the issuer has no such key
   */
  readonly keysFor: (header: JWSHeaderParameters) => AsyncIterable<CryptoKey>;
  /** Returns why there are no keys yet. Returns undefined if there are. */
  readonly unreadiness: () => string | undefined;
}

/** While the issuer can be reached, a key that it withdrew is trusted no longer than this. */
const refreshMs = 5 * 60_000;
const retryMs = 2000;
/** A token with an unknown key triggers a fetch of new keys, at most once in this time for all callers. */
const cooldownMs = 2000;

/** How long the start waits for the keys. An issuer that hangs must not keep the server from starting. */
const firstWaitMs = 2000;

/** Keeps the public keys of an authorization server. While that server is unavailable, the last keys stay in use. */
export async function openIssuerKeys({ issuer, jwksUrl, log }: IssuerKeysOptions): Promise<IssuerKeys> {
  let keySet: RemoteJWKSet | undefined;
  let hasKeys = false;
  let isAway = false;

  const refresh = async (): Promise<void> => {
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
      if (!isAway) log(`The keys of ${issuer} cannot be had, ${consequence}: ${fetchProblem(error)}`);
      isAway = true;
    }
    setTimeout(() => void refresh(), isAway ? retryMs : refreshMs).unref();
  };
  await Promise.race([refresh(), delay(firstWaitMs, undefined, { ref: false })]);

  async function* candidates(header: JWSHeaderParameters, set: RemoteJWKSet): AsyncGenerator<CryptoKey> {
    try {
      yield await set(header);
    } catch (error) {
      if (error instanceof errors.JWKSMultipleMatchingKeys) yield* error;
      else if (isTokensFault(error)) throw error;
      else throw outOfReach(`new keys of ${issuer}`, error);
    }
  }

  return {
    keysFor: async function* keysFor(header) {
      if (keySet === undefined || !hasKeys) throw outOfReach(`the keys of ${issuer}`);
      yield* candidates(header, keySet);
      // jose fetches new keys for a header that names an unknown one. For a header that names none, it does not.
      if (header.kid !== undefined || keySet.coolingDown) return;
      await keySet.reload().catch((error: unknown) => {
        throw outOfReach(`new keys of ${issuer}`, error);
      });
      yield* candidates(header, keySet);
    },
    unreadiness: () => (hasKeys ? undefined : 'The keys of the authorization server cannot be had.'),
  };
}

const isTokensFault = (error: unknown): boolean =>
  error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JOSENotSupported;

function outOfReach(what: string, cause?: unknown): CredentialError {
  const reason = cause === undefined ? '' : `: ${fetchProblem(cause)}`;
  return new CredentialError(503, `${what} cannot be had${reason}`, { cause });
}
