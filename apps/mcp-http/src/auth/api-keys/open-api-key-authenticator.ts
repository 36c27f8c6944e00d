import { readFileSync, statSync, watchFile } from 'node:fs';
import { environmentError } from '@org/context-store/environment';
import { apiKeyPrincipal, parseApiKeys, type ApiKeys } from './api-keys.js';
import type { Authenticator } from '../authenticator.js';

const lookEveryMs = 1000;

/**
 * Accepts the API keys of a file, which is read again when it changes and on SIGHUP. A file that cannot be read then
 * changes nothing.
 * @throws VALIDATION_ERROR when it cannot be read now
 */
export function openApiKeyAuthenticator(path: string, log: (line: string) => void): Authenticator {
  let keys = readAtStart(path);
  const readAgain = (): void => {
    try {
      keys = readApiKeys(path);
      log(`API_KEYS_FILE was read again: ${keys.size} keys`);
      warnOfReaders(path, log);
    } catch (error) {
      log(`API_KEYS_FILE cannot be used as it is, the keys from before stay: ${(error as Error).message}`);
    }
  };
  warnOfReaders(path, log);
  // By its path, so that it does not matter whether the file is written to or replaced.
  watchFile(path, { interval: lookEveryMs, persistent: false }, readAgain);
  process.on('SIGHUP', readAgain);
  return { authenticate: async (key) => apiKeyPrincipal(keys, key), unreadiness: () => undefined };
}

/** @throws Error */
const readApiKeys = (path: string): ApiKeys => parseApiKeys(readFileSync(path, 'utf8'));

function readAtStart(path: string): ApiKeys {
  try {
    return readApiKeys(path);
  } catch (error) {
    throw environmentError([{ path: 'API_KEYS_FILE', message: (error as Error).message }]);
  }
}

/** Hashes open nothing, but they say who may do what; and whoever may write them may do everything. */
function warnOfReaders(path: string, log: (line: string) => void): void {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
  // A group may read: that is how a secret reaches a container.
  if (process.platform !== 'win32' && (mode & 0o027) !== 0) {
    log('API_KEYS_FILE is open to other users of this machine: chmod 600 it');
  }
}
