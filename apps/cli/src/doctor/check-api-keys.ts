import { existsSync, statSync } from 'node:fs';
import { findKeyState, readApiKeys } from '@org/api-keys';
import { describeError } from './describe-error.js';
import { findingsOf, type Finding } from './finding.js';

const { ok, warning, problem } = findingsOf('API keys');

/** Checks the file of API keys. */
export function checkApiKeys(file: string): Finding[] {
  try {
    const nowMs = Date.now();
    const entries = [...readApiKeys(file).values()].map((entry) => ({ ...entry, state: findKeyState(entry, nowMs) }));
    const idsOf = (state: string): string[] => entries.filter((entry) => entry.state === state).map(({ id }) => id);
    const [expired, soon, revoked] = [idsOf('expired'), idsOf('expires soon'), idsOf('revoked')];
    const found = [ok(`${entries.length - expired.length - revoked.length} valid keys in ${file}`)];
    if (expired.length > 0)
      found.push(warning(`expired: ${expired.join(', ')}`, 'Revoke them, and create others: context-store keys.'));
    if (soon.length > 0)
      found.push(warning(`expire within two weeks: ${soon.join(', ')}`, 'Create others: context-store keys create.'));
    return [...found, ...checkMode(file), ...checkLock(file)];
  } catch (error) {
    return [problem(`${file} cannot be used (${describeError(error)})`, 'Correct it; servers keep the earlier keys.')];
  }
}

/** The group may read: container platforms mount secrets like this. */
function checkMode(file: string): Finding[] {
  if (process.platform === 'win32' || (statSync(file).mode & 0o027) === 0) return [];
  return [problem(`other users of this machine can open ${file}`, `Take that from them: chmod 600 ${file}`)];
}

function checkLock(file: string): Finding[] {
  const lock = `${file}.lock`;
  if (!existsSync(lock)) return [];
  return [warning(`${lock} keeps keys from being changed`, 'If no context-store keys runs, remove that file.')];
}
