import { agentSchema, namespaceSchema, scopes, type Scope } from '@org/domain';
import type { JWTPayload } from 'jose';
import type { z } from 'zod';
import type { Principal } from '../principal.js';
import { CredentialError } from '../credential-error.js';

/** Which claims of a token name its namespace and agent. */
export interface ClaimMapping {
  /** Undefined if every token belongs to `ownNamespace`. */
  readonly namespaceClaim: string | undefined;
  readonly ownNamespace: string;
  /** Undefined if tokens are not bound to an agent. */
  readonly agentClaim: string | undefined;
}

/** Reads the principal from the claims of a verified token. @throws CredentialError */
export function tokenPrincipal(claims: JWTPayload, mapping: ClaimMapping): Principal {
  const { sub, client_id: client, exp, cnf } = claims;
  // RFC 7800: the client must prove that it has a key, which a bearer token cannot do.
  if (cnf !== undefined) throw new CredentialError(401, 'the token is bound to a key (cnf)');
  const subject = sub ?? client;
  if (typeof subject !== 'string' || subject === '') {
    throw new CredentialError(401, 'the token names neither sub nor client_id');
  }
  const { namespaceClaim, ownNamespace, agentClaim } = mapping;
  return {
    id: `subject:${subject}`,
    namespace: namespaceClaim === undefined ? ownNamespace : nameIn(claims, namespaceClaim, namespaceSchema),
    agent: agentClaim === undefined ? undefined : nameIn(claims, agentClaim, agentSchema),
    scopes: scopesIn(claims),
    expiresAt: exp ?? 0,
  };
}

function nameIn(claims: JWTPayload, claim: string, schema: z.ZodType<string>): string {
  const name = schema.safeParse(Object.hasOwn(claims, claim) ? claims[claim] : undefined);
  if (name.success) return name.data;
  const problem = Object.hasOwn(claims, claim) ? 'is not a name that can be used' : 'is missing';
  throw new CredentialError(403, `the claim ${claim} of the token ${problem}`);
}

/** RFC 9068 has `scope`, separated by spaces; some servers write a list, or `scp`. Unknown scopes grant nothing. */
function scopesIn({ scope, scp }: JWTPayload): Scope[] {
  const granted = [scope, scp].flatMap((claim) => (typeof claim === 'string' ? claim.split(' ') : claim));
  return granted.filter((name): name is Scope => typeof name === 'string' && Object.hasOwn(scopes, name));
}
