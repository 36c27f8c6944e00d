import type { ApiKeyEntry } from './api-key-file.js';
import { changeFile } from './change-file.js';
import { findUnrevoked } from './find-unrevoked.js';

/**
 * Revokes a key with all its secrets. Its line stays, so that readers of a log can look it up, and no other key gets its id.
 * @returns the line. @throws ApiKeysError UNKNOWN_KEY, REVOKED, FILE_INVALID, FILE_UNUSABLE, FILE_LOCKED
 */
export const revokeApiKey = (path: string, id: string): Promise<ApiKeyEntry> =>
  changeFile(path, ({ keys, replace }) => {
    const { previous: _previous, ...entry } = findUnrevoked(keys, id);
    return replace({ ...entry, revokedAt: new Date().toISOString() });
  });
