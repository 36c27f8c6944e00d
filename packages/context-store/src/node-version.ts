import { ContextStoreError } from '@org/domain';

const [neededMajor, neededMinor] = [22, 19];

/**
 * Refuses an older Node.js. Call it before the import of the native SQLite driver, which would crash instead of
 * throwing.
 *
 * @throws VALIDATION_ERROR (Node.js is too old)
 */
export function requireSupportedNode(version = process.versions.node): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > neededMajor || (major === neededMajor && minor >= neededMinor)) return;
  const message = `The context store needs Node.js ${neededMajor}.${neededMinor} or newer; this is ${version}. Run it with a newer Node.js.`;
  throw new ContextStoreError('VALIDATION_ERROR', message, { issues: [{ path: 'Node.js', message }] });
}
