import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { CallSlots } from './call-slots.js';

const respond = (): ServerResponse => new ServerResponse(new IncomingMessage(new Socket()));

it('gives slots in the order of the queue, passes over those who left it, and frees those that nobody waits for', async () => {
  const slots = new CallSlots({ size: 1, maxQueued: 2, maxQueuedMs: 60_000 });
  const [first, second, third, fourth, fifth] = [respond(), respond(), respond(), respond(), respond()];
  expect(await slots.enter(first)).toBe(true);
  const [leaving, staying] = [slots.enter(second), slots.enter(third)];
  expect(await slots.enter(fourth)).toBe(false);
  second.emit('close');
  expect(await leaving).toBe(false);
  first.emit('close');
  expect(await staying).toBe(true);
  third.emit('close');
  expect(await slots.enter(fifth)).toBe(true);
});

it('refuses whoever has waited too long, and gives no slot to who is gone', async () => {
  const slots = new CallSlots({ size: 1, maxQueued: 1, maxQueuedMs: 20 });
  const [first, gone, last] = [respond(), respond(), respond()];
  gone.destroyed = true;
  expect(await slots.enter(gone)).toBe(false);
  expect(await slots.enter(first)).toBe(true);
  expect(await slots.enter(respond())).toBe(false);
  first.emit('close');
  expect(await slots.enter(last)).toBe(true);
});
