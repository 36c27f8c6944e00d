import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeStreams } from './describe-streams.js';

describeStreams('SQLite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'streams-'));
  return { url: `sqlite:${join(folder, 'context.db')}`, drop: () => rm(folder, { recursive: true }) };
});
