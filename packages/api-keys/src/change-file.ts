import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { parseApiKeys, type ApiKeyEntry, type ApiKeys } from './api-key-file.js';
import { ApiKeysError } from './api-keys-error.js';
import { replaceFile } from './replace-file.js';

/** The keys of a file, and the changes that can be made to it. Lines that are not changed stay as they are. */
export interface ChangeableFile {
  readonly keys: ApiKeys;
  readonly add: (entry: ApiKeyEntry) => Change;
  /** Replaces the line of the same id. */
  readonly replace: (entry: ApiKeyEntry) => Change;
}

interface Change {
  readonly text: string;
  readonly entry: ApiKeyEntry;
}

/**
 * Changes one line of a file of keys.
 * @returns the line that was written
 * @throws ApiKeysError FILE_INVALID, FILE_UNUSABLE, FILE_LOCKED; what `change` throws. The file is then unchanged
 */
export async function changeFile(path: string, change: (file: ChangeableFile) => Change): Promise<ApiKeyEntry> {
  try {
    // The file is replaced, not a link to it.
    const target = existsSync(path) ? realpathSync(path) : path;
    const { entry } = await replaceFile(target, () => change(openText(target)));
    return entry;
  } catch (error) {
    if (error instanceof ApiKeysError) throw error;
    throw new ApiKeysError('FILE_UNUSABLE', unusable(path, error), { cause: error });
  }
}

function openText(path: string): ChangeableFile {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  return {
    keys: parseApiKeys(text),
    add: (entry) => ({ text: `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${lineOf(entry)}\n`, entry }),
    replace: (entry) => {
      const lines = text.split('\n');
      const index = lines.findIndex((line) => line.trim() !== '' && (JSON.parse(line) as ApiKeyEntry).id === entry.id);
      return { text: lines.with(index, lineOf(entry)).join('\n'), entry };
    },
  };
}

const lineOf = (entry: ApiKeyEntry): string => JSON.stringify(entry);

function unusable(path: string, error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EBUSY') return `${path} cannot be replaced (EBUSY): it is mounted alone. Mount its folder instead.`;
  if (code === 'EPERM')
    return `${path} belongs to another user, which a change would not keep (EPERM). Run this as its owner.`;
  return `${path} cannot be replaced (${code}). Its folder must be there, and writable for this user.`;
}
