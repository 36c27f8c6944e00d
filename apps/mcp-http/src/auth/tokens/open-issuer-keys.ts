import { setTimeout as delay } from 'node:timers/promises';
import { createRemoteJWKSet, errors, type CryptoKey, type JWSHeaderParameters, type RemoteJWKSet } from 'jose';
import { CredentialError } from '../credential-error.js';
import { fetchProblem } from './fetch-problem.js';
import { findKeysUrl } from './find-keys-url.js';

export interface IssuerKeysOptions {
  readonly issuer: string;
  /** Absent: as the issuer's metadata says. */
  readonly jwksUrl?: URL | undefined;
  /** Takes one line. */
  readonly log: (line: string) => void;
}

export interface IssuerKeys {
  /**
   * The keys by which a token with this header may be signed: one where it names its key, else all that fit its algorithm,
   * and then those that the issuer has by now. Ask for the next one only if the one before was wrong.
   * @throws CredentialError 503 when the keys are out of reach, an error of jose when the token's is not among them
   */
  readonly keysFor: (header: JWSHeaderParameters) => AsyncIterable<CryptoKey>;
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
      if (!isAway) log(`The keys of ${issuer} cannot be had, ${consequence}: ${fetchProblem(error)}`);
      isAway = true;
    }
    setTimeout(() => void look(), isAway ? retryMs : refreshMs).unref();
  };
  await Promise.race([look(), delay(firstWaitMs, undefined, { ref: false })]);

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
      // jose looks for new keys when a token names one that it does not know. A new key may also sign tokens that name none.
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
