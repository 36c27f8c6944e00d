import { readFileSync, statSync, watchFile } from 'node:fs';
import { environmentError } from '@org/context-store/environment';
import { apiKeyPrincipal, parseApiKeys, type ApiKeys } from './api-keys.js';
import type { Authenticator } from '../authenticator.js';

const checkEveryMs = 1000;

/**
 * Accepts the API keys of a file. The file is read again when it changes, and on SIGHUP. If it cannot be read then, the
 * previous keys stay valid.
 *
 * @throws VALIDATION_ERROR if the file cannot be read at the start
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
  // watchFile watches the path, so it notices both a changed and a replaced file.
  watchFile(path, { interval: checkEveryMs, persistent: false }, readAgain);
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

/** Hashes are no credentials, but the file tells who may do what. A user who may write the file may add keys. */
function warnOfReaders(path: string, log: (line: string) => void): void {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
  // The group may read: container platforms mount secrets like this.
  if (process.platform !== 'win32' && (mode & 0o027) !== 0) {
    log('API_KEYS_FILE is open to other users of this machine: chmod 600 it');
  }
}
