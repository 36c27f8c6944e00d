import type { ApiKeyEntry } from './api-key-file.js';

/** Whether a key is accepted. `expires soon` means within two weeks. */
export type ApiKeyState = 'valid' | 'expires soon' | 'expired' | 'revoked';

const soonMs = 14 * 86_400_000;

/** Returns the state of a key. @param nowMs in epoch milliseconds */
export function findKeyState(
  { revokedAt, expiresAt }: Pick<ApiKeyEntry, 'revokedAt' | 'expiresAt'>,
  nowMs: number,
): ApiKeyState {
  if (revokedAt !== undefined) return 'revoked';
  const leftMs = expiryMs(expiresAt) - nowMs;
  if (leftMs <= 0) return 'expired';
  return leftMs <= soonMs ? 'expires soon' : 'valid';
}

/** Returns a time in epoch milliseconds. Infinity without one. */
export const expiryMs = (expiresAt: string | undefined): number =>
  expiresAt === undefined ? Infinity : Date.parse(expiresAt);
