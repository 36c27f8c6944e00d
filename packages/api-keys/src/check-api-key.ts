import { timingSafeEqual } from 'node:crypto';
import type { ApiKeyEntry, ApiKeys } from './api-key-file.js';
import { ApiKeysError } from './api-keys-error.js';
import { hashApiKey, idOfKey } from './api-key.js';
import { expiryMs } from './key-state.js';

/** What a valid key stands for. */
export interface AcceptedKey {
  readonly entry: ApiKeyEntry;
  /** Until when this secret is valid, in epoch milliseconds. Infinity if it does not expire. */
  readonly expiresAtMs: number;
}

/** Checks a key. @throws ApiKeysError UNKNOWN_KEY, REVOKED, EXPIRED */
export function checkApiKey(keys: ApiKeys, key: string): AcceptedKey {
  const id = idOfKey(key);
  if (id === undefined) throw new ApiKeysError('UNKNOWN_KEY', 'the API key is malformed');
  const entry = keys.get(id);
  if (entry === undefined) throw new ApiKeysError('UNKNOWN_KEY', 'no API key has this id');
  const hash = hashApiKey(key);
  const isCurrent = isSame(hash, entry.hash);
  const earlier = entry.previous?.find((secret) => isSame(hash, secret.hash));
  if (!isCurrent && earlier === undefined) throw new ApiKeysError('UNKNOWN_KEY', `not the API key ${entry.id}`);
  if (entry.revokedAt !== undefined) throw new ApiKeysError('REVOKED', `the API key ${entry.id} was revoked`);
  const expiresAtMs = Math.min(expiryMs(entry.expiresAt), isCurrent ? Infinity : expiryMs(earlier?.expiresAt));
  if (expiresAtMs > Date.now()) return { entry, expiresAtMs };
  const which = isCurrent ? 'the' : 'an earlier secret of the';
  throw new ApiKeysError('EXPIRED', `${which} API key ${entry.id} has expired`);
}

const isSame = (one: string, other: string): boolean => timingSafeEqual(Buffer.from(one), Buffer.from(other));
