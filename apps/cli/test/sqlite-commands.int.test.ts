import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeCommands } from './describe-commands.js';
import { runInProcess } from './run-in-process.js';

let env: Readonly<Record<string, string>>;

describeCommands(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'context-store-'));
  const database = `sqlite:${join(folder, 'context.db')}`;
  env = { DATABASE_URL: database };
  await runInProcess(['migrate'], { env });
  return { env, database, close: () => rm(folder, { recursive: true }) };
});

it('asks for the name of the agent that a command acts as', async () => {
  expect(await runInProcess(['handoffs'], { env })).toEqual({
    code: 2,
    stdout: '',
    stderr: 'context-store: This command acts as an agent. Name it with --agent NAME or CONTEXT_AGENT.\n',
  });
});
