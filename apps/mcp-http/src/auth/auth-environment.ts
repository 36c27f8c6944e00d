import {
  apiKeysEnvironmentTable,
  optionalVariable,
  variable,
  type Environment,
  type EnvironmentTable,
} from '@org/context-store/environment';
import { z } from 'zod';
import { isLoopback } from '../http/loopback.js';

const urlForm = 'an https:// URL without query or fragment, or an http:// one of this machine';

/** Keys and metadata decide who gets access, so they must come over TLS or from this machine. */
export function isTrustworthyUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, search, hash } = new URL(text);
  return (protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname))) && search === '' && hash === '';
}

const trustworthyUrl = z.string().refine(isTrustworthyUrl, urlForm);
const httpUrl = z.string().refine((text) => /^https?:\/\/[^?#]+$/.test(text) && URL.canParse(text), 'an http(s) URL');
const claim = z.string().regex(/^[\x21-\x7e]+$/, 'the name of a claim');

/** The settings of authentication. */
export const authEnvironmentTable = {
  AUTH_MODE: optionalVariable(
    z.enum(['none'], 'only none; credentials are asked for where AUTH_ISSUER or API_KEYS_FILE is set'),
    'unset',
    'none turns authentication off. Needed if HOST is not loopback and neither AUTH_ISSUER nor API_KEYS_FILE is set.',
  ),
  AUTH_ISSUER: optionalVariable(
    trustworthyUrl,
    'no tokens',
    'The authorization server whose access tokens (JWT) are accepted, exactly as its tokens name it (iss).',
  ),
  AUTH_AUDIENCE: optionalVariable(
    z.string(),
    'none; needed with AUTH_ISSUER',
    'The audience (aud) of accepted tokens: the URL of /mcp as clients reach it, or its name at the issuer.',
  ),
  AUTH_JWKS_URL: optionalVariable(
    trustworthyUrl,
    "the URL in the issuer's metadata",
    "The URL of the issuer's public keys.",
  ),
  AUTH_NAMESPACE_CLAIM: variable(
    claim.transform((name) => (name === 'off' ? undefined : name)),
    'context_namespace',
    'The claim that names the namespace; tokens without it are refused. With off, all tokens use CONTEXT_NAMESPACE.',
  ),
  AUTH_AGENT_CLAIM: optionalVariable(
    claim,
    'calls name their agent',
    'The claim that names the only agent that a caller may act as; tokens without it are refused.',
  ),
  ...apiKeysEnvironmentTable,
  PUBLIC_URL: optionalVariable(
    httpUrl,
    'AUTH_AUDIENCE',
    'The URL of /mcp as clients reach it. Needed if AUTH_AUDIENCE is not that URL.',
  ),
} as const satisfies EnvironmentTable;

export type AuthEnvironment = Environment<typeof authEnvironmentTable>;

/** Returns the URL of /mcp as clients reach it, or undefined if no setting names it. */
export function publicUrl({ PUBLIC_URL, AUTH_AUDIENCE }: AuthEnvironment): URL | undefined {
  const url = httpUrl.safeParse(PUBLIC_URL ?? AUTH_AUDIENCE);
  return url.success ? new URL(url.data) : undefined;
}

/** Returns true if callers must authenticate. */
export const asksForCredentials = ({ AUTH_ISSUER, API_KEYS_FILE }: AuthEnvironment): boolean =>
  AUTH_ISSUER !== undefined || API_KEYS_FILE !== undefined;

/** Returns the settings that contradict each other. */
export function authProblems(environment: AuthEnvironment): { path: string; message: string }[] {
  const { AUTH_ISSUER, AUTH_AUDIENCE } = environment;
  const problems: { path: string; message: string }[] = [];
  if (environment.AUTH_MODE === 'none' && asksForCredentials(environment)) {
    problems.push({ path: 'AUTH_MODE', message: 'none contradicts AUTH_ISSUER and API_KEYS_FILE; leave out either' });
  }
  if (AUTH_ISSUER === undefined) {
    for (const path of ['AUTH_AUDIENCE', 'AUTH_JWKS_URL', 'AUTH_AGENT_CLAIM'] as const) {
      if (environment[path] !== undefined) problems.push({ path, message: 'does nothing without AUTH_ISSUER' });
    }
  } else if (AUTH_AUDIENCE === undefined) {
    const message = 'needed with AUTH_ISSUER: without it, tokens meant for other servers would open this one';
    problems.push({ path: 'AUTH_AUDIENCE', message });
  } else if (publicUrl(environment) === undefined) {
    problems.push({ path: 'PUBLIC_URL', message: 'needed where AUTH_AUDIENCE is not the URL of /mcp' });
  }
  return problems;
}
