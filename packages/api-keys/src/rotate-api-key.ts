import { hashApiKey, newApiKey } from './api-key.js';
import { ApiKeysError } from './api-keys-error.js';
import { changeFile } from './change-file.js';
import { findUnrevoked } from './find-unrevoked.js';
import type { IssuedKey } from './issued-key.js';
import { expiryMs, findKeyState } from './key-state.js';

export interface RotateOptions {
  /** How long the present secret stays valid, in milliseconds. Default: not at all. */
  readonly graceMs?: number | undefined;
}

/**
 * Gives a key a new secret. Its id, rights and time of expiry stay. Secrets whose grace an earlier rotation began keep it.
 * @throws ApiKeysError UNKNOWN_KEY, REVOKED, EXPIRED, FILE_INVALID, FILE_UNUSABLE, FILE_LOCKED
 */
export async function rotateApiKey(path: string, id: string, { graceMs = 0 }: RotateOptions = {}): Promise<IssuedKey> {
  const key = newApiKey(id);
  const entry = await changeFile(path, ({ keys, replace }) => {
    const nowMs = Date.now();
    const { previous = [], ...found } = findUnrevoked(keys, id);
    if (findKeyState(found, nowMs) === 'expired')
      throw new ApiKeysError('EXPIRED', `The key ${id} expired at ${found.expiresAt}. Create one with another id.`);
    const replaced = { hash: found.hash, expiresAt: new Date(nowMs + graceMs).toISOString() };
    const inGrace = [...previous, replaced].filter(({ expiresAt }) => expiryMs(expiresAt) > nowMs);
    return replace({ ...found, hash: hashApiKey(key), ...(inGrace.length > 0 && { previous: inGrace }) });
  });
  return { key, entry };
}
