import { createHash } from 'node:crypto';

/**
 * Not part of what a call asks for: who asks, the key itself, and the fence, which a client may send or renew by itself
 * between two tries of one call.
 */
const leftOut = new Set(['agent', 'agentFrom', 'idempotencyKey', 'epoch']);

/** Identifies the input of a call after defaults: equal for equal inputs, whatever the order of their keys. */
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
