import { createHash } from 'node:crypto';

/**
 * Arguments that do not identify a request: the agent, the key, and the epoch, which a client may add or renew between
 * two tries of one call.
 */
const leftOut = new Set(['agent', 'agentFrom', 'idempotencyKey', 'epoch']);

/** Returns a hash of a call's input after defaults. Equal inputs have equal hashes, in any order of keys. */
export function requestHash(input: Readonly<Record<string, unknown>>): string {
  const asked = Object.fromEntries(Object.entries(input).filter(([key]) => !leftOut.has(key)));
  return createHash('sha256').update(canonicalJson(asked)).digest('base64url');
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
