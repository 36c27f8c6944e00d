import { statSync, watchFile } from 'node:fs';
import { checkApiKey, readApiKeys, type ApiKeys } from '@org/api-keys';
import { environmentError } from '@org/context-store/environment';
import type { Authenticator } from './authenticator.js';
import { CredentialError } from './credential-error.js';
import type { Principal } from './principal.js';

const checkEveryMs = 1000;

/**
 * Accepts the API keys of a file. Each call sees the file as it is: it is read again when it has changed. It is also
 * read on SIGHUP. If it cannot be read, the previous keys stay valid.
 *
 * @throws VALIDATION_ERROR if the file cannot be read at the start
 */
export function openApiKeyAuthenticator(path: string, log: (line: string) => void): Authenticator {
  let state = stateOf(path);
  let keys = readAtStart(path);
  const readAgain = (): void => {
    state = stateOf(path);
    try {
      keys = readApiKeys(path);
      log(`API_KEYS_FILE was read again: ${keys.size} keys`);
      warnOfReaders(path, log);
    } catch (error) {
      log(`API_KEYS_FILE cannot be used as it is, the keys from before stay: ${(error as Error).message}`);
    }
  };
  const readIfChanged = (): void => {
    if (stateOf(path) !== state) readAgain();
  };
  warnOfReaders(path, log);
  // The log shows a wrong file also while there are no calls.
  watchFile(path, { interval: checkEveryMs, persistent: false }, readIfChanged);
  process.on('SIGHUP', readAgain);
  return {
    authenticate: async (key) => {
      // A revoked key must not pass until the next look at the file. This takes a few microseconds.
      readIfChanged();
      return apiKeyPrincipal(keys, key);
    },
    unreadiness: () => undefined,
  };
}

/** Returns a text that changes when the file at a path is changed or replaced, or cannot be examined. */
function stateOf(path: string): string {
  try {
    const { ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    return [ino, size, mtimeNs, ctimeNs].join(' ');
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}

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

/** A subscription ends after this time and must be opened again, so it outlives a revoked key by no more. */
const recheckSeconds = 300;

/** @throws CredentialError */
export function apiKeyPrincipal(keys: ApiKeys, key: string): Principal {
  const { entry, expiresAtMs } = accept(keys, key);
  const { id, namespace, agent, scopes } = entry;
  const recheckAt = Date.now() / 1000 + recheckSeconds;
  return { id: `key:${id}`, namespace, agent, scopes, expiresAt: Math.min(expiresAtMs / 1000, recheckAt) };
}

function accept(keys: ApiKeys, key: string): ReturnType<typeof checkApiKey> {
  try {
    return checkApiKey(keys, key);
  } catch (error) {
    throw new CredentialError(401, (error as Error).message, { cause: error });
  }
}
