import { expect, it } from 'vitest';
import { scanJson } from './scan-json.js';

const hasTooManyTokens = (json: Buffer): boolean => scanJson(json).hasTooManyTokens;

const callWith = (argument: string): Buffer =>
  Buffer.from(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","arguments":{"a":1,${argument}}}}`);
const objectBytes = 64 * 1024;
/** Repeats a piece of JSON as often as it fits into an object of this size. */
const filled = (bytes: number, piece: string): string =>
  Array<string>(Math.floor((bytes - 8) / (piece.length + 1)))
    .fill(piece)
    .join(',');

it.each(['0', '[]', '{}', '""', '[[]]', '{"":0}', '{"":[]}'])(
  'accepts every object of 64 KiB that a call may carry, such as one full of %s',
  (piece) => {
    const metadata = `{"x":[${filled(objectBytes, piece)}]}`;
    expect(metadata.length).toBeGreaterThan(objectBytes - 20);
    expect(hasTooManyTokens(callWith(`"metadata":${metadata}`))).toBe(false);
  },
);

it('accepts an object with the maximum number of names and levels that a call may carry', () => {
  const names = Array.from({ length: 8000 }, (_, index) => `"${index.toString(36)}":0`).join(',');
  const nested = `${'{"a":'.repeat(64)}"${'x'.repeat(5000)}"${'}'.repeat(64)}`;
  for (const metadata of [`{${names}}`, nested])
    expect(hasTooManyTokens(callWith(`"metadata":${metadata}`))).toBe(false);
});

it.each([
  ['marks', '[]},{['],
  ['quotes', String.raw`\",`],
  ['backslashes before its end', String.raw`,\\`],
  ['escapes', String.raw`\u005b`],
])('counts a string full of %s as one token', (_what, piece) => {
  const text = `"${piece.repeat(200_000)}"`;
  expect(JSON.parse(text)).toBeTypeOf('string');
  expect(hasTooManyTokens(callWith(`"content":${text}`))).toBe(false);
  expect(hasTooManyTokens(callWith(`"content":${text},"metadata":[${filled(4 * objectBytes, '[]')}]`))).toBe(true);
});

it.each([
  ['arguments', filled(20_000, '"k":0')],
  ['names in an object', `"metadata":{${filled(4 * objectBytes, '"k":0')}}`],
  ['items in a list', `"roles":[${filled(4 * objectBytes, '0')}]`],
  ['lists in a list', `"roles":[${filled(2 * objectBytes, '[]')}]`],
  ['levels', `"metadata":${'['.repeat(3000)}${']'.repeat(3000)}`],
])('refuses too many %s', (_what, given) => {
  expect(hasTooManyTokens(callWith(given))).toBe(true);
});

it('stops at the maximum number of tokens', () => {
  const text = Buffer.concat([callWith(`"roles":[${'0,'.repeat(70_000)}`), Buffer.alloc(1_000_000, '0,')]);
  let read = 0;
  const counted = new Proxy(text, {
    get: (bytes, key) => {
      read += 1;
      return key === 'length' ? bytes.length : bytes[Number(key)];
    },
  });
  expect(hasTooManyTokens(counted)).toBe(true);
  expect(read).toBeLessThan(4 * 140_000);
});

it.each([
  ['{"a":9007199254740993}', true],
  ['[1,-9007199254740993]', true],
  ['[1e400 ]', true],
  ['{"a":{"b":[0.12345678901234567890]}}', true],
  ['9007199254740993', true],
  ['[9007199254740992,0.1,-1.5e3,123456789012345,"9007199254740993"]', false],
  [String.raw`{"9007199254740993":"\"9007199254740993"}`, false],
])('detects in %s whether a number would change', (json, has) => {
  expect(scanJson(Buffer.from(json)).hasInexactNumber).toBe(has);
});
