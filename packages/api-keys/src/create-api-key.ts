import { requireEntry, type ApiKeyEntry } from './api-key-file.js';
import { hashApiKey, newApiKey } from './api-key.js';
import { ApiKeysError } from './api-keys-error.js';
import { changeFile } from './change-file.js';
import type { IssuedKey } from './issued-key.js';

/** What a new key stands for. The values are checked. */
export interface NewApiKey {
  readonly id: string;
  readonly namespace: string;
  /** The only agent that the key's holder may act as. Default: each call names its agent. */
  readonly agent?: string | undefined;
  readonly scopes: readonly string[];
  /** Default: never. */
  readonly expiresAt?: Date | undefined;
}

/**
 * Adds a key to a file, which is created if it does not exist: for its user alone.
 * @throws ApiKeysError INVALID, ID_TAKEN, FILE_INVALID, FILE_UNUSABLE, FILE_LOCKED
 */
export async function createApiKey(path: string, wanted: NewApiKey): Promise<IssuedKey> {
  const key = newApiKey(wanted.id);
  const entry = entryOf(wanted, key);
  await changeFile(path, ({ keys, add }) => {
    const taken = keys.get(entry.id);
    if (taken === undefined) return add(entry);
    const state = taken.revokedAt === undefined ? 'taken' : 'that of a revoked key';
    throw new ApiKeysError('ID_TAKEN', `The id ${entry.id} is ${state}. Choose another.`);
  });
  return { key, entry };
}

function entryOf({ expiresAt, scopes, ...given }: NewApiKey, key: string): ApiKeyEntry {
  const now = new Date();
  if (expiresAt !== undefined && expiresAt <= now)
    throw new ApiKeysError('INVALID', `expiresAt: ${expiresAt.toISOString()} is past`);
  return requireEntry({
    id: given.id,
    hash: hashApiKey(key),
    namespace: given.namespace,
    agent: given.agent,
    scopes: [...new Set(scopes)],
    createdAt: now.toISOString(),
    expiresAt: expiresAt?.toISOString(),
    previous: undefined,
    revokedAt: undefined,
  });
}
