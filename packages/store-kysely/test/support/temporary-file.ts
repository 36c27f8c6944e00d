import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A path for one test's database, and what removes it with all that lies beside it. */
export function temporaryFile(): { path: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'store-kysely-'));
  return {
    path: join(folder, 'context.db'),
    remove: () => {
      rmSync(folder, { recursive: true });
    },
  };
}
