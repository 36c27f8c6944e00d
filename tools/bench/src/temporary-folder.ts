import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RowContext } from './row.js';

/** A folder that goes with the row. */
export async function temporaryFolder({ resources }: Pick<RowContext, 'resources'>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'context-store-bench-'));
  resources.defer(() => rm(folder, { recursive: true }));
  return folder;
}
