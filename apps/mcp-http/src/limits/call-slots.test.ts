import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { CallSlots } from './call-slots.js';

const respond = (): ServerResponse => new ServerResponse(new IncomingMessage(new Socket()));

it('starts the calls of one caller in their order, skips those whose clients left, and frees slots that no call waits for', async () => {
  const slots = new CallSlots({ size: 1, maxQueued: 2, maxQueuedMs: 60_000 });
  const [first, second, third, fourth, fifth] = [respond(), respond(), respond(), respond(), respond()];
  expect(await slots.enter('a', first)).toBe(true);
  const [leaving, staying] = [slots.enter('a', second), slots.enter('a', third)];
  expect(await slots.enter('a', fourth)).toBe(false);
  second.emit('close');
  expect(await leaving).toBe(false);
  first.emit('close');
  expect(await staying).toBe(true);
  third.emit('close');
  expect(await slots.enter('a', fifth)).toBe(true);
});

it('refuses a call that has waited too long, and gives no slot to a client that has gone', async () => {
  const slots = new CallSlots({ size: 1, maxQueued: 1, maxQueuedMs: 20 });
  const [first, gone, last] = [respond(), respond(), respond()];
  gone.destroyed = true;
  expect(await slots.enter('a', gone)).toBe(false);
  expect(await slots.enter('a', first)).toBe(true);
  expect(await slots.enter('a', respond())).toBe(false);
  first.emit('close');
  expect(await slots.enter('a', last)).toBe(true);
});

/** Starts calls of a caller, or puts them into the queue. */
const enterAll = (slots: CallSlots, caller: string, count: number) =>
  Array.from({ length: count }, () => {
    const response = respond();
    return { response, isIn: slots.enter(caller, response) };
  });
const countIn = async (entered: ReturnType<typeof enterAll>): Promise<number> => {
  const settled = await Promise.all(entered.map(({ isIn }) => Promise.race([isIn, setImmediate('queued')])));
  return settled.filter((isIn) => isIn === true).length;
};

it('leaves a quarter of the slots and of the queue to other callers, and gives three callers equal shares', async () => {
  const slots = new CallSlots({ size: 64, maxQueued: 64, maxQueuedMs: 60_000 });
  expect(await countIn(enterAll(slots, 'a', 48 + 48))).toBe(48);
  expect(await slots.enter('a', respond())).toBe(false);
  expect(await countIn(enterAll(slots, 'b', 12 + 12))).toBe(12);
  expect(await slots.enter('b', respond())).toBe(false);
  expect(await slots.enter('c', respond())).toBe(true);
  const even = new CallSlots({ size: 64, maxQueued: 0, maxQueuedMs: 60_000 });
  const taken = { a: 0, b: 0, c: 0 };
  for (let round = 0; round < 64; round += 1) {
    for (const caller of ['a', 'b', 'c'] as const) if (await even.enter(caller, respond())) taken[caller] += 1;
  }
  expect(taken).toEqual({ a: 20, b: 19, c: 19 });
});

it('lets queued callers take turns, however many calls each has', async () => {
  const slots = new CallSlots({ size: 1, maxQueued: 100, maxQueuedMs: 60_000 });
  const order: string[] = [];
  const first = respond();
  expect(await slots.enter('a', first)).toBe(true);
  const enter = async (caller: string): Promise<void> => {
    const response = respond();
    expect(await slots.enter(caller, response)).toBe(true);
    order.push(caller);
    response.emit('close');
  };
  const entered = Promise.all(['a', 'a', 'a', 'a', 'b', 'b', 'c'].map(enter));
  first.emit('close');
  await entered;
  expect(order).toEqual(['a', 'b', 'c', 'a', 'b', 'a', 'a']);
});

it('starts a call of each queued caller that may have a slot when one becomes free', async () => {
  const slots = new CallSlots({ size: 7, maxQueued: 10, maxQueuedMs: 60_000 });
  enterAll(slots, 'a', 3);
  const [released] = enterAll(slots, 'b', 3);
  const waiting = [...enterAll(slots, 'a', 1), ...enterAll(slots, 'b', 1)];
  expect(await countIn(waiting)).toBe(0);
  released?.response.emit('close');
  expect(await countIn(waiting)).toBe(2);
});
