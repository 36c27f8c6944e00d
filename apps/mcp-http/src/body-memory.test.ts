import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { BodyMemory } from './body-memory.js';

const respond = (): ServerResponse => new ServerResponse(new IncomingMessage(new Socket()));
const kibibytes = (count: number): number => count * 1024;

it('has room for large bodies up to a limit, until they are answered, and always for small ones', () => {
  const memory = new BodyMemory(kibibytes(300));
  const [first, second] = [respond(), respond()];
  const hasFirst = memory.open(first);
  expect([hasFirst(kibibytes(100)), hasFirst(kibibytes(100))]).toEqual([true, true]);
  const hasSecond = memory.open(second);
  expect([hasSecond(kibibytes(60)), hasSecond(kibibytes(60))]).toEqual([true, false]);
  expect(memory.open(respond())(kibibytes(60))).toBe(true);

  second.emit('close');
  first.emit('close');
  const hasThird = memory.open(respond());
  expect([hasThird(kibibytes(240)), hasThird(kibibytes(1))]).toEqual([true, false]);
});

it('takes nothing for a client that has gone', () => {
  const memory = new BodyMemory(kibibytes(100));
  const gone = respond();
  gone.destroyed = true;
  expect(memory.open(gone)(kibibytes(100))).toBe(false);
  expect(memory.open(respond())(kibibytes(100))).toBe(true);
});
