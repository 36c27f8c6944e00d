import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { environmentError, type Environment, type environmentTable } from '@org/context-store/environment';
import { z } from 'zod';
import type { AuthEnvironment } from '../auth-environment.js';
import {
  apiKeyIdSchema,
  hashApiKey,
  newApiKey,
  parseApiKeys,
  scopeSchema,
  type ApiKeyEntry,
  type ApiKeys,
} from './api-keys.js';

type KeySettings = Pick<AuthEnvironment, 'API_KEYS_FILE'> &
  Pick<Environment<typeof environmentTable>, 'CONTEXT_NAMESPACE' | 'CONTEXT_AGENT'>;

/**
 * Adds a key to API_KEYS_FILE, for CONTEXT_NAMESPACE and, if it is set, CONTEXT_AGENT.
 *
 * @param scopeList the scopes, separated by commas
 * @returns the key. The file only has its hash, so it cannot be shown again
 * @throws VALIDATION_ERROR
 */
export function createApiKey(environment: KeySettings, id: string, scopeList: string): string {
  const { API_KEYS_FILE: path, CONTEXT_NAMESPACE: namespace, CONTEXT_AGENT: agent } = environment;
  if (path === undefined) throw problem('API_KEYS_FILE', 'needed: the file that the key is added to');
  const name = apiKeyIdSchema.safeParse(id);
  if (!name.success) throw problem('ID', name.error.issues[0]?.message);
  const granted = z.array(scopeSchema).safeParse(scopeList.split(','));
  if (!granted.success) throw problem('SCOPES', granted.error.issues[0]?.message);
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  if (parse(text).has(id)) throw problem('ID', `${id} is taken; choose another`);

  const key = newApiKey(id);
  const entry: ApiKeyEntry = { id, hash: hashApiKey(key), namespace, agent, scopes: granted.data };
  const separator = text === '' || text.endsWith('\n') ? '' : '\n';
  append(path, `${separator}${JSON.stringify(entry)}\n`);
  return key;
}

function append(path: string, line: string): void {
  try {
    appendFileSync(path, line, { mode: 0o600 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw problem('API_KEYS_FILE', `${path} cannot be written (${code}); its folder must be there, and writable`);
  }
}

function parse(text: string): ApiKeys {
  try {
    return parseApiKeys(text);
  } catch (error) {
    throw problem('API_KEYS_FILE', (error as Error).message);
  }
}

const problem = (path: string, message = ''): Error => environmentError([{ path, message }]);
