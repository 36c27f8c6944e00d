import { ContextStoreError } from '@org/domain';

const [neededMajor, neededMinor] = [22, 19];

/** The native SQLite driver crashes an older Node.js instead of throwing: this must come before its import. @throws VALIDATION_ERROR */
export function requireSupportedNode(version = process.versions.node): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > neededMajor || (major === neededMajor && minor >= neededMinor)) return;
  throw new ContextStoreError(
    'VALIDATION_ERROR',
    `The context store needs Node.js ${neededMajor}.${neededMinor} or newer; this is ${version}. Run it with a newer Node.js.`,
    { needed: `${neededMajor}.${neededMinor}`, version },
  );
}
