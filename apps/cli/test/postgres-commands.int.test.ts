import { temporaryDatabase } from '@org/store-kysely/testing';
import { describeCommands } from './describe-commands.js';
import { runInProcess } from './run-in-process.js';

describeCommands(async () => {
  const { url, drop } = await temporaryDatabase();
  const env = { DATABASE_URL: url };
  await runInProcess(['migrate'], { env });
  return { env, database: url, close: drop };
});
