import { expect } from 'vitest';
import type { CallTool } from './scene.js';

export interface BackedUp {
  /** Calls the server whose database is backed up. */
  readonly call: CallTool;
  readonly backUp: () => Promise<unknown>;
  /** Restores the backup, and returns a caller of the server on it. */
  readonly restore: () => Promise<CallTool>;
}

interface Entry {
  readonly sequence: number;
  readonly content: string;
}

const work = { sessionKey: 'work', agent: 'planner' };
const before = 200;

const append = (call: CallTool, content: string): Promise<string> =>
  call('updateContext', { ...work, contextType: 'message', content });

/** The structured result of a call that must succeed. */
async function resultOf<Result>(answer: Promise<string>): Promise<Result> {
  const text = await answer;
  const message = JSON.parse(text.slice(text.indexOf('{'))) as {
    result: { isError?: true; structuredContent: Result };
  };
  expect(message.result.isError, text).toBeUndefined();
  return message.result.structuredContent;
}

async function readAll(call: CallTool): Promise<Entry[]> {
  const read: Entry[] = [];
  for (;;) {
    const page = { ...work, afterSequence: read.length, limit: 100, maxTokens: 200_000 };
    const { entries } = await resultOf<{ entries: Entry[] }>(call('getContext', page));
    if (entries.length === 0) return read;
    read.push(...entries);
  }
}

const offer = (call: CallTool) =>
  resultOf<{ handoff: { handoffId: string } }>(call('requestHandoff', { ...work, requestType: 'context_transfer' }));
const inbox = (call: CallTool, cursor?: string) =>
  resultOf<{ handoffs: { handoffId: string }[]; cursor: string }>(
    call('listHandoffs', { agent: 'builder', ...(cursor !== undefined && { cursor }) }),
  );

/**
 * Backs up while entries are written, goes on writing, restores, and compares: what was acknowledged before the backup
 * began is there, nothing is there that was never written, and what deployment.md says of cursors and epochs holds.
 */
export async function expectRestored({ call, backUp, restore }: BackedUp): Promise<void> {
  await resultOf(call('registerSession', work));
  let acknowledged = 0;
  const write = async (): Promise<void> => {
    const { sequence } = await resultOf<Entry>(append(call, `entry ${acknowledged + 1}`));
    expect(sequence).toBe(acknowledged + 1);
    acknowledged = sequence;
  };
  for (let count = 0; count < before; count += 1) await write();
  const first = await offer(call);

  const backup = { isUnderWay: true };
  const backedUp = backUp().finally(() => (backup.isUnderWay = false));
  do await write();
  while (backup.isUnderWay);
  await backedUp;
  expect(acknowledged).toBeGreaterThan(before);
  for (let more = 0; more < 20; more += 1) await write();
  await offer(call);
  const lostCursor = (await inbox(call)).cursor;

  const restored = await restore();
  const entries = await readAll(restored);
  expect(entries.length).toBeGreaterThanOrEqual(before);
  expect(entries.length).toBeLessThan(acknowledged);
  expect(entries.map(({ content }) => content)).toEqual(entries.map((_entry, index) => `entry ${index + 1}`));
  expect((await resultOf<Entry>(append(restored, 'after'))).sequence).toBe(entries.length + 1);

  expect(await restored('listHandoffs', { agent: 'builder', cursor: lostCursor })).toContain(
    'Call listHandoffs without a cursor',
  );
  const second = await offer(restored);
  // The cursor is no longer ahead: the new offer has the place of the lost one.
  expect((await inbox(restored, lostCursor)).handoffs).toEqual([]);
  expect((await inbox(restored)).handoffs.map(({ handoffId }) => handoffId)).toEqual([
    first.handoff.handoffId,
    second.handoff.handoffId,
  ]);
  expect(await restored('updateContext', { ...work, contextType: 'message', content: 'x', epoch: 2 })).toContain(
    'OWNERSHIP_LOST',
  );
}

/** The commands of the guide's blocks of shell below a heading, in order. */
export function commandsBelow(guide: string, heading: string): string[] {
  const [section = ''] = guide.slice(guide.indexOf(`\n${heading}\n`) + heading.length + 2).split(/^#/m);
  return [...section.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, commands = '']) => commands);
}

export const deploymentGuide = new URL('../../../docs/operations/deployment.md', import.meta.url);
