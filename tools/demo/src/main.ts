import { fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Scene } from './agent-process.js';
import { bytes, narrate } from './story.js';

const repository = fileURLToPath(new URL('../../..', import.meta.url));
const sessionKey = 'learn-the-repository';

const folder = await mkdtemp(join(tmpdir(), 'context-store-demo-'));
const file = join(folder, 'context.db');
/** Undefined if the caller names a database, which may hold other data. A new namespace keeps the story apart. */
const ownDatabase = process.env['DATABASE_URL'] ? undefined : `sqlite:${file}`;
const env = {
  ...process.env,
  ...(ownDatabase === undefined ? {} : { DATABASE_URL: ownDatabase }),
  CONTEXT_NAMESPACE: `demo-${randomUUID()}`,
};
try {
  await play();
} finally {
  await rm(folder, { recursive: true });
}

async function play(): Promise<void> {
  const started = performance.now();
  const [planner, implementer, reviewer] = await Promise.all([
    startProcess('planner'),
    startProcess('implementer'),
    startProcess('reviewer'),
  ]);
  const database = ownDatabase === undefined ? 'the database that DATABASE_URL names' : 'one SQLite file';
  narrate(`Three agents, three MCP clients in three processes, each with its own mcp-stdio server, ${database}.`);
  narrate();
  await perform(planner, 'recordAndOffer');
  narrate();
  await perform(implementer, 'takeOver');
  narrate();
  await perform(planner, 'appendLate');
  narrate();
  await perform(reviewer, 'waitForWork');
  await perform(implementer, 'requestReview');
  await perform(reviewer, 'returnWork');
  narrate();
  await perform(reviewer, 'waitForWork');
  await perform(implementer, 'improve');
  await perform(reviewer, 'approveWork');
  await perform(implementer, 'complete');
  narrate();
  await Promise.all([planner, implementer, reviewer].map(stop));
  const place =
    ownDatabase === undefined ? `namespace ${env.CONTEXT_NAMESPACE}` : `database ${bytes((await stat(file)).size)}`;
  narrate(
    `Nothing lost, nothing written past the fence: ${((performance.now() - started) / 1000).toFixed(1)} s in all, ${place}.`,
  );
}

async function startProcess(name: string): Promise<ChildProcess> {
  const child = fork(new URL('agent-process.js', import.meta.url), [name, sessionKey, repository], { env });
  await reply(child);
  return child;
}

async function perform(child: ChildProcess, scene: Scene): Promise<void> {
  child.send(scene);
  await reply(child);
}

/** Returns the child's next message. @throws if the agent ends before it answers */
async function reply(child: ChildProcess): Promise<void> {
  const ended = new AbortController();
  const exit = once(child, 'exit', { signal: ended.signal }).then(() => {
    throw new Error('an agent stopped in the middle of its scene');
  });
  try {
    await Promise.race([once(child, 'message'), exit]);
  } finally {
    ended.abort();
    await exit.catch(() => undefined);
  }
}

async function stop(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.disconnect();
  await exit;
}
