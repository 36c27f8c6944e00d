import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWork } from './describe-work.js';

describeWork('SQLite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'work-'));
  return { url: `sqlite:${join(folder, 'context.db')}`, drop: () => rm(folder, { recursive: true }) };
});
