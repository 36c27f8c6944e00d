import type { ApiKeyEntry, ApiKeys } from './api-key-file.js';
import { ApiKeysError } from './api-keys-error.js';

/** Returns the line of a key that is not revoked. @throws ApiKeysError UNKNOWN_KEY, REVOKED */
export function findUnrevoked(keys: ApiKeys, id: string): ApiKeyEntry {
  const entry = keys.get(id);
  if (entry === undefined) throw new ApiKeysError('UNKNOWN_KEY', `The file has no key ${id}.`);
  if (entry.revokedAt === undefined) return entry;
  throw new ApiKeysError('REVOKED', `The key ${id} was revoked at ${entry.revokedAt}. Create one with another id.`);
}
