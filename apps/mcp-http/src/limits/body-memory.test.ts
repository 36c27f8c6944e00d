import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { BodyMemory, type BodyReservation } from './body-memory.js';

const respond = (): ServerResponse => new ServerResponse(new IncomingMessage(new Socket()));
const kibibytes = (count: number): number => count * 1024;

it('has room for bodies up to its budget, until they are answered', () => {
  const memory = new BodyMemory(kibibytes(1000));
  const hasRoom = (caller: string, size: number, response = respond()): boolean =>
    memory.open(caller, response).hasRoom(kibibytes(size));
  const first = respond();
  expect([hasRoom('first', 700, first), hasRoom('second', 200), hasRoom('third', 100)]).toEqual([true, true, false]);
  // A smaller message still fits in what is left.
  expect(hasRoom('third', 50)).toBe(true);
  first.emit('close');
  expect(hasRoom('third', 100)).toBe(true);
});

it('keeps a part of its budget for other callers', () => {
  const memory = new BodyMemory(kibibytes(1000));
  const hasRoom = (caller: string): boolean => memory.open(caller, respond()).hasRoom(kibibytes(50));
  const taken = (caller: string): number => Array.from({ length: 100 }, () => hasRoom(caller)).indexOf(false);
  expect(taken('greedy')).toBe(14);
  expect(hasRoom('other')).toBe(true);
});

it.each<[string, (body: BodyReservation) => unknown]>([
  ['released', ({ release }) => release()],
  ['refused', ({ hasRoom }) => hasRoom(kibibytes(60))],
])('has the memory of a body back after it was %s, and not twice', (_how, end) => {
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

it('reserves no memory for a client that has gone', () => {
  const memory = new BodyMemory(kibibytes(100));
  const gone = respond();
  gone.destroyed = true;
  expect(memory.open('caller', gone).hasRoom(kibibytes(60))).toBe(false);
  expect(memory.open('caller', respond()).hasRoom(kibibytes(60))).toBe(true);
});
