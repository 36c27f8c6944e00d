import type { Agent } from './agent.js';
import { recordingsOf, type Recording } from './recordings.js';
import { bytes, milliseconds, quantiles, tell } from './story.js';

const atOnce = 8;

/** Records the repository as a session, and offers the session to the implementer. */
export async function recordAndOffer(planner: Agent, sessionKey: string, repository: string): Promise<void> {
  await planner.call('registerSession', { sessionKey, title: 'Learn the repository, then go on' });
  tell(planner.name, `registers session ${sessionKey} (its server is process ${planner.serverPid})`);
  await record(planner, sessionKey, recordingsOf(repository));

  const started = performance.now();
  const { handoff } = await planner.call<{ handoff: { handoffId: string; uptoSequence: number } }>('requestHandoff', {
    sessionKey,
    targetAgent: 'implementer',
    requestType: 'full_handoff',
    summary: 'I read the history and every file. The goal and the decisions are pinned; nothing is half done.',
    instructions: 'Check the newest decisions against the code, then note what you would do next.',
    idempotencyKey: 'the-handoff',
  });
  tell(planner.name, `offers it to implementer as full_handoff ${handoff.handoffId}`);
  tell(
    planner.name,
    `  pinned to the log at entry ${handoff.uptoSequence}, in ${milliseconds(performance.now() - started)}`,
  );
}

async function record(planner: Agent, sessionKey: string, recordings: readonly Recording[]): Promise<void> {
  const queue = recordings.values();
  const durations: number[] = [];
  let contentBytes = 0;
  const started = performance.now();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const recording of queue) {
        const sent = performance.now();
        const appended = await planner.call<{ contentBytes: number }>('updateContext', { sessionKey, ...recording });
        durations.push(performance.now() - sent);
        contentBytes += appended.contentBytes;
      }
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  const count = (type: string): number => recordings.filter(({ contextType }) => contextType === type).length;
  tell(planner.name, `records ${recordings.length} entries, ${bytes(contentBytes)}, each durable when acknowledged:`);
  tell(
    planner.name,
    `  ${count('message')} messages, ${count('file')} files, ${count('tool_call')} tool calls, ` +
      `${recordings.filter(({ pinned }) => pinned).length} pinned among them`,
  );
  tell(planner.name, `  in ${seconds.toFixed(2)} s, ${atOnce} at once: ${quantiles(durations)}`);
}

/** Writes as a planner that has not noticed that it no longer owns the session. */
export async function appendLate(planner: Agent, sessionKey: string): Promise<void> {
  const { code, message } = await planner.refused('updateContext', {
    sessionKey,
    contextType: 'message',
    content: 'One more thing …',
  });
  if (code !== 'OWNERSHIP_LOST') throw new Error(`expected OWNERSHIP_LOST, got ${code}`);
  tell(planner.name, 'tries to append one more thing, too late, and is refused:');
  tell(planner.name, `  ${code}: ${message}`);
}
