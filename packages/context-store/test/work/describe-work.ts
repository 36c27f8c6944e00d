import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openContextStore, type ContextStore, type Handoff } from '../../src/index.js';
import type { StreamsDatabase } from '../streams/describe-streams.js';

interface Told {
  readonly isReady?: true;
  /** The session whose handler has begun. */
  readonly began?: string;
}

/** A process of `worker-process.ts`. */
interface WorkerProcess {
  readonly child: ChildProcess;
  readonly told: Told[];
}

const execArgv = [
  '--conditions=@org/source',
  '--import',
  `${import.meta.dirname}/../../../../tools/workspace/src/typescript-imports.ts`,
];

/** All workers are processes of one agent. */
export function describeWork(engine: string, createDatabase: () => Promise<StreamsDatabase>): void {
  describe(`workers on ${engine}`, () => {
    let database: StreamsDatabase;
    let store: ContextStore;
    let workers: WorkerProcess[];

    beforeEach(async () => {
      workers = [];
      database = await createDatabase();
      store = await openContextStore({ database: database.url, agent: 'planner' });
    });
    afterEach(async () => {
      await Promise.all(workers.map(({ child }) => ended(child, 'SIGKILL')));
      await store.close();
      await database.drop();
    });

    async function startWorker(leaseSeconds: number, manner = 'works'): Promise<WorkerProcess> {
      const child = fork(`${import.meta.dirname}/worker-process.ts`, [database.url, `${leaseSeconds}`, manner], {
        execArgv,
      });
      const worker: WorkerProcess = { child, told: [] };
      workers.push(worker);
      child.on('message', (message: Told) => worker.told.push(message));
      await expect.poll(() => worker.told.length).toBeGreaterThan(0);
      return worker;
    }

    async function offer(sessionKey: string): Promise<string> {
      await store.registerSession({ sessionKey });
      return (await store.requestHandoff({ sessionKey, requestType: 'full_handoff' })).handoff.handoffId;
    }
    const read = async (handoffId: string): Promise<Handoff | undefined> =>
      (await store.listHandoffs({ handoffId })).handoffs[0];
    const contentsOf = async (sessionKey: string): Promise<string[]> =>
      (await store.getContext({ sessionKey })).entries.map(({ content }) => content);
    const sessionsOf = ({ told }: WorkerProcess): string[] => told.flatMap(({ began }) => began ?? []);

    it('do each offer once', async () => {
      const [one, other] = await Promise.all([startWorker(60), startWorker(60)]);
      const keys = Array.from({ length: 24 }, (_, index) => `work-${index}`);
      const ids = await Promise.all(keys.map(offer));
      await expect
        .poll(async () => (await Promise.all(ids.map(read))).map((handoff) => handoff?.status))
        .toEqual(ids.map(() => 'completed'));
      // What a worker tells may arrive later than what it has stored.
      await expect.poll(() => [...sessionsOf(one), ...sessionsOf(other)].toSorted()).toEqual(keys.toSorted());
      const pids = new Map([one, other].flatMap((worker) => sessionsOf(worker).map((key) => [key, worker.child.pid])));
      for (const [index, key] of keys.entries()) {
        expect(await contentsOf(key)).toEqual([`by ${pids.get(key)}`]);
        expect(await read(ids[index] ?? '')).toMatchObject({ result: { pid: pids.get(key) } });
      }
    });

    it('take over from one that was killed, once its lease has lapsed', async () => {
      const killed = await startWorker(1, 'hangs');
      const handoffId = await offer('work');
      await expect.poll(() => sessionsOf(killed)).toEqual(['work']);
      const other = await startWorker(60);
      await ended(killed.child, 'SIGKILL');
      await expect.poll(async () => (await read(handoffId))?.status).toBe('completed');
      expect(sessionsOf(other)).toEqual(['work']);
      expect((await contentsOf('work')).at(-1)).toBe(`by ${other.child.pid}`);
    });

    it('keep what they work on for longer than a lease, and return it when they are told to stop', async () => {
      const worker = await startWorker(3, 'hangs');
      const handoffId = await offer('work');
      await expect.poll(() => sessionsOf(worker)).toEqual(['work']);
      const other = await startWorker(60);
      await new Promise((resolve) => setTimeout(resolve, 5000));
      expect(sessionsOf(other)).toEqual([]);
      expect(await ended(worker.child, 'SIGTERM')).toBe(0);
      expect(await read(handoffId)).toMatchObject({ status: 'returned', reason: expect.stringContaining('stopped') });
      expect(await store.readSession('work')).toMatchObject({ owner: 'planner', epoch: 3 });
    });
  });
}

/** Ends a process by a signal, unless it has ended. @returns its exit code */
async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exit = once(child, 'exit') as Promise<[number | null]>;
  child.kill(signal);
  const [code] = await exit;
  return code;
}
