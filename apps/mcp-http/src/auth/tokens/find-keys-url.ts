import { z } from 'zod';
import { isTrustworthyUrl } from '../auth-environment.js';
import { fetchProblem } from './fetch-problem.js';

const timeoutMs = 5000;

const metadataSchema = z.object({ issuer: z.string(), jwks_uri: z.string().refine(isTrustworthyUrl) });

/**
 * Finds the URL of an authorization server's public keys in its metadata (OpenID Connect Discovery 1.0, section 4;
 * RFC 8414, section 3).
 *
 * @throws Error with one line that says what is wrong with each document
 */
export async function findKeysUrl(issuer: string): Promise<URL> {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  const problems: string[] = [];
  for (const url of [
    `${origin}${path}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${path}`,
  ]) {
    try {
      return await readKeysUrl(url, issuer);
    } catch (error) {
      problems.push(`${url}: ${fetchProblem(error)}`);
    }
  }
  throw new Error(problems.join('; '));
}

async function readKeysUrl(url: string, issuer: string): Promise<URL> {
  const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(timeoutMs) });
  if (!response.ok) throw new Error(`answered ${response.status}`);
  const metadata = metadataSchema.safeParse(await response.json());
  if (!metadata.success) throw new Error('is no metadata with an issuer and a trustworthy jwks_uri');
  // Otherwise metadata of another issuer at this place would make its tokens valid here.
  if (metadata.data.issuer !== issuer) throw new Error('is the metadata of another issuer than AUTH_ISSUER');
  return new URL(metadata.data.jwks_uri);
}
