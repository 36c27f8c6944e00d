import { describe, expect, it } from 'vitest';
import { createLifeCycle } from './life-cycle.js';

describe('the life cycle of a store', () => {
  it('waits for the calls under way before it releases the resources, then refuses calls', async () => {
    const events: string[] = [];
    const lifeCycle = createLifeCycle(async (settled) => {
      await settled;
      events.push('released');
    });
    const call = Promise.withResolvers<string>();
    const answered = lifeCycle.run(async () => events.push(await call.promise));
    const failed = lifeCycle.run(() => Promise.reject(new Error('lost')));
    await expect(failed).rejects.toThrow('lost');

    const closed = lifeCycle.close();
    await expect(lifeCycle.run(async () => 'late')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    call.resolve('answered');
    await Promise.all([answered, closed]);
    expect(events).toEqual(['answered', 'released']);
  });

  it('releases the resources once, within the time of the first caller', async () => {
    const times: number[] = [];
    const lifeCycle = createLifeCycle(async (_settled, withinMs) => {
      times.push(withinMs);
    });
    await Promise.all([lifeCycle.close(5), lifeCycle.close()]);
    expect(times).toEqual([5]);
  });
});
