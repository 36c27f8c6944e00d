import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeCommands } from './describe-commands.js';
import { runInProcess } from './run-in-process.js';

describeCommands(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'context-store-'));
  const database = `sqlite:${join(folder, 'context.db')}`;
  const env = { DATABASE_URL: database };
  await runInProcess(['migrate'], { env });
  return { env, database, close: () => rm(folder, { recursive: true }) };
});
