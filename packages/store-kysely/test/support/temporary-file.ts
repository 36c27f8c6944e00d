import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Returns a path for the database of one test. `remove` deletes its folder. */
export function temporaryFile(): { path: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'store-kysely-'));
  return {
    path: join(folder, 'context.db'),
    remove: () => {
      rmSync(folder, { recursive: true });
    },
  };
}
