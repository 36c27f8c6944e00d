import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { BodyMemory, type OwnBodyMemory } from './body-memory.js';

const respond = (): ServerResponse => new ServerResponse(new IncomingMessage(new Socket()));
const kibibytes = (count: number): number => count * 1024;

it('has room for large bodies up to a limit, until they are answered, and for small ones beyond', () => {
  const memory = new BodyMemory(kibibytes(1000));
  const hasRoom = (caller: string, size: number, response = respond()): boolean =>
    memory.open(caller, response).hasRoom(kibibytes(size));
  const first = respond();
  // Of the 750 for large ones, the others keep a quarter.
  const greedy = [65, 65, 65, 65, 65, 65, 65, 65, 65].map((size) => hasRoom('greedy', size, first));
  expect(greedy.indexOf(false)).toBe(8);
  expect([hasRoom('other', 100), hasRoom('other', 100), hasRoom('other', 64)]).toEqual([true, false, true]);
  first.emit('close');
  expect(hasRoom('other', 100)).toBe(true);
});

it('has room for small bodies up to a limit, and leaves a part of it to others', () => {
  const memory = new BodyMemory(kibibytes(1000));
  const hasRoom = (caller: string): boolean => memory.open(caller, respond()).hasRoom(kibibytes(50));
  const taken = (caller: string): number => Array.from({ length: 100 }, () => hasRoom(caller)).indexOf(false);
  expect(taken('greedy')).toBe(14);
  expect(hasRoom('other')).toBe(true);
});

it.each<[string, (body: OwnBodyMemory) => unknown]>([
  ['released', ({ release }) => release()],
  ['refused', ({ hasRoom }) => hasRoom(kibibytes(60))],
])('has room again for what is %s, once', (_how, end) => {
  const memory = new BodyMemory(kibibytes(100));
  const response = respond();
  const body = memory.open('caller', response);
  expect(body.hasRoom(kibibytes(60))).toBe(true);
  expect(memory.open('caller', respond()).hasRoom(kibibytes(60))).toBe(false);
  end(body);
  response.emit('close');
  expect(body.hasRoom(1)).toBe(false);
  expect(memory.open('caller', respond()).hasRoom(kibibytes(60))).toBe(true);
  expect(memory.open('caller', respond()).hasRoom(kibibytes(60))).toBe(false);
});

it('takes nothing for a client that has gone', () => {
  const memory = new BodyMemory(kibibytes(100));
  const gone = respond();
  gone.destroyed = true;
  expect(memory.open('caller', gone).hasRoom(kibibytes(60))).toBe(false);
  expect(memory.open('caller', respond()).hasRoom(kibibytes(60))).toBe(true);
});
