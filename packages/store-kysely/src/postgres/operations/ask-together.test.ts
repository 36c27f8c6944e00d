import { setImmediate } from 'node:timers/promises';
import { noTelemetry } from '@org/domain';
import { beforeEach, describe, expect, it } from 'vitest';
import { operationSignal } from '../connection/abortable.js';
import { askTogether } from './ask-together.js';

describe('questions that are asked together', () => {
  /** The questions of each statement that was sent. */
  let sent: number[][];
  /** Ends the statements under way, in their order. */
  let ends: (() => void)[];
  let find: (question: number) => Promise<number>;
  let served: number;

  beforeEach(() => {
    [sent, ends, served] = [[], [], 0];
    find = askTogether(
      async (questions: readonly number[]) => {
        sent.push([...questions]);
        const { promise, resolve } = Promise.withResolvers<void>();
        ends.push(resolve);
        await promise;
        if (questions.includes(13)) throw Object.assign(new Error('invalid'), { code: '22021' });
        if (questions.includes(99)) throw new Error('connection lost');
        return questions.map((question) => question * 10);
      },
      {
        flushes: 2,
        maxWaiting: 200,
        telemetry: {
          ...noTelemetry,
          attribute: (origins, run) => {
            served += origins.length;
            return run();
          },
        },
      },
    );
  });

  const untilSent = async (count: number): Promise<void> => {
    while (sent.length < count) await setImmediate();
  };
  const endAll = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn += 1) {
      for (const end of ends.splice(0)) end();
      await setImmediate();
    }
  };

  it('share a statement if they arrive in one turn, and each gets its own answer', async () => {
    const answers = Promise.all([1, 2, 3].map(find));
    await endAll();
    expect(await answers).toEqual([10, 20, 30]);
    expect([sent, served]).toEqual([[[1, 2, 3]], 3]);
  });

  it('never join a statement that was sent before they arrived', async () => {
    const answers = [find(1)];
    await untilSent(1);
    answers.push(find(1));
    await untilSent(2);
    answers.push(find(1), find(2));
    await setImmediate();
    expect(sent).toEqual([[1], [1]]);
    await endAll();
    expect(await Promise.all(answers)).toEqual([10, 10, 10, 20]);
    expect(sent).toEqual([[1], [1], [1, 2]]);
  });

  it('are bounded in one statement', async () => {
    const answers = Promise.all(Array.from({ length: 150 }, (_, index) => find(index + 100)));
    await endAll();
    expect(await answers).toHaveLength(150);
    expect(sent.map(({ length }) => length)).toEqual([64, 64, 22]);
  });

  it('are refused if too many wait', async () => {
    const answers = Array.from({ length: 201 }, () => find(1));
    await expect(answers[200]).rejects.toMatchObject({ code: 'OVERLOADED', retryable: true });
    await endAll();
    expect(await Promise.all(answers.slice(0, 200))).toHaveLength(200);
  });

  it('fail alone if one is invalid, and together if the server does not answer', async () => {
    const answers = Promise.allSettled([1, 13, 2].map(find));
    await endAll();
    expect((await answers).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(sent).toEqual([[1, 13, 2], [1], [13], [2]]);
    const lost = Promise.allSettled([1, 99].map(find));
    await endAll();
    expect((await lost).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(sent).toHaveLength(5);
  });

  it('are left out once their call has left, and answered at once if they were sent', async () => {
    const first = new AbortController();
    const early = [operationSignal.run(first.signal, () => find(1)), find(2)];
    await untilSent(1);
    const held = find(3);
    await untilSent(2);
    const second = new AbortController();
    const late = [operationSignal.run(second.signal, () => find(4)), find(5)];
    for (const each of [first, second]) each.abort();
    await expect(early[0]).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(late[0]).rejects.toMatchObject({ code: 'CANCELLED' });
    await endAll();
    expect(await Promise.all([early[1], held, late[1]])).toEqual([20, 30, 50]);
    expect(sent).toEqual([[1, 2], [3], [5]]);
  });
});
