import type { ApiKeyEntry } from './api-key-file.js';

/** A new secret. The file has only its hash, so it cannot be shown again. */
export interface IssuedKey {
  readonly key: string;
  /** Its line in the file. */
  readonly entry: ApiKeyEntry;
}
