import { ContextStoreError } from '@org/domain';

const [neededMajor, neededMinor] = [22, 19];

/**
 * Refuses an older Node.js. Call this before the import of the native SQLite driver, which crashes there instead of throwing.
 *
 * @throws VALIDATION_ERROR
 */
export function requireSupportedNode(version = process.versions.node): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > neededMajor || (major === neededMajor && minor >= neededMinor)) return;
  throw new ContextStoreError(
    'VALIDATION_ERROR',
    `The context store needs Node.js ${neededMajor}.${neededMinor} or newer; this is ${version}. Run it with a newer Node.js.`,
    { needed: `${neededMajor}.${neededMinor}`, version },
  );
}
