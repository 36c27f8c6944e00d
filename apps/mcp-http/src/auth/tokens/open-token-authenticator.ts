import { createHash } from 'node:crypto';
import { decodeProtectedHeader, errors, jwtVerify, type CryptoKey, type JWTVerifyResult } from 'jose';
import { LRUCache } from 'lru-cache';
import type { Principal } from '../principal.js';
import type { Authenticator } from '../authenticator.js';
import { CredentialError } from '../credential-error.js';
import { openIssuerKeys, type IssuerKeysOptions } from './open-issuer-keys.js';
import { tokenPrincipal, type ClaimMapping } from './token-principal.js';

export interface TokenAuthenticatorOptions extends IssuerKeysOptions, ClaimMapping {
  readonly audience: string;
}

/** Asymmetric algorithms alone, so that a public key cannot be used as a shared secret. */
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

/** RFC 9068 requires at+jwt; many servers still write JWT, or nothing. Any other type is no access token. */
const types: ReadonlySet<string | undefined> = new Set([undefined, 'jwt', 'at+jwt', 'application/at+jwt']);

const clockToleranceSeconds = 5;
/** Checking a signature takes half the time of a call. Tokens of a withdrawn key are accepted no longer than this. */
const cachedMs = 60_000;
const cachedTokens = 10_000;
/** Maximum number of signature checks under way. This many take about ten milliseconds. */
const maxChecks = 256;

/** Accepts the access tokens that an authorization server signed for this server. */
export async function openTokenAuthenticator(options: TokenAuthenticatorOptions): Promise<Authenticator> {
  const { issuer, audience } = options;
  const { keysFor, unreadiness } = await openIssuerKeys(options);
  const verified = new LRUCache<string, Principal>({ max: cachedTokens });

  let checks = 0;
  /** Returns undefined if another key signed the token. */
  const verifyBy = async (key: CryptoKey, token: string): Promise<JWTVerifyResult | undefined> => {
    // Counted here, so that tokens whose keys must be fetched first do not count.
    if (checks === maxChecks) throw new CredentialError(503, 'too many tokens are being checked');
    checks += 1;
    try {
      const expected = { issuer, audience, algorithms, clockTolerance: clockToleranceSeconds, requiredClaims: ['exp'] };
      return await jwtVerify(token, key, expected);
    } catch (error) {
      if (error instanceof errors.JWSSignatureVerificationFailed) return undefined;
      throw error;
    } finally {
      checks -= 1;
    }
  };

  const checkSignature = async (token: string): Promise<JWTVerifyResult> => {
    for await (const key of keysFor(decodeProtectedHeader(token))) {
      const result = await verifyBy(key, token);
      if (result !== undefined) return result;
    }
    throw new errors.JWSSignatureVerificationFailed();
  };

  const verify = async (token: string): Promise<Principal> => {
    const { payload, protectedHeader } = await checkSignature(token);
    if (!types.has(protectedHeader.typ?.toLowerCase())) throw new Error('"typ" is not that of an access token');
    return tokenPrincipal(payload, options);
  };

  return {
    unreadiness,
    authenticate: async (token) => {
      const digest = createHash('sha256').update(token).digest('base64');
      const known = verified.get(digest);
      if (known !== undefined) return known;
      try {
        const principal = await verify(token);
        const ttl = Math.min(cachedMs, principal.expiresAt * 1000 - Date.now());
        // Within the clock tolerance, no time is left. A TTL of 0 would mean no expiry.
        if (ttl >= 1) verified.set(digest, principal, { ttl: Math.floor(ttl) });
        return principal;
      } catch (error) {
        if (error instanceof CredentialError) throw error;
        throw new CredentialError(401, (error as Error).message, { cause: error });
      }
    },
  };
}
