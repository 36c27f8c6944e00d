import { expect, it } from 'vitest';
import { requestIdIn, RequestIdScanner } from './request-id-scanner.js';

it.each([
  ['{"jsonrpc":"2.0","id":1,"method":"ping"}', '1'],
  ['{"method":"ping","params":{"id":2,"x":["id",{"id":3}]},"jsonrpc":"2.0","id":"a" }', '"a"'],
  ['{ "id" : 1546130668394913822 , "method":', '1546130668394913822'],
  [String.raw`{"id":"a\"},{","x":"`, String.raw`"a\"},{"`],
  ['{"id":"日","x":1}', '"日"'],
  ['{"id":1,"id":2}', '2'],
  ['{"id":1.5}', '1.5'],
  ['{"result":{},"id":1,"method":"ping"}', '1'],
])('finds the id of %s', (message, id) => {
  expect(requestIdIn(Buffer.from(message))).toBe(id);
  const scanner = new RequestIdScanner();
  for (const byte of Buffer.from(message)) scanner.push(Buffer.from([byte]));
  expect(scanner.id).toBe(id);
});

it.each([
  '',
  'garbage',
  '{"method":"ping"}',
  '{"id":null}',
  '{"id":{"id":1}}',
  '{"id":[1]}',
  '{"id":tru}',
  '{"id":1',
  '[{"id":1}]',
  '{"x":{"id":1},"y":"\\"id\\":1,"}',
  `{"id":"${'x'.repeat(1000)}"}`,
  `{"id":${'1'.repeat(1001)}}`,
  '{"id":1,"result":7}',
  '{"error":{},"id":1}',
  `{"x":[${'0,'.repeat(200_000)}0],"id":1}`,
  `{"id":1,"result":[${'0,'.repeat(200_000)}0]}`,
])('finds none in %.60s', (message) => {
  expect(requestIdIn(Buffer.from(message))).toBeUndefined();
});

it('returns no bytes that are not UTF-8', () => {
  expect(requestIdIn(Buffer.from('{"id":"\xff","x":1}', 'latin1'))).toBeUndefined();
  expect(requestIdIn(Buffer.from('{"id":7,"x":"\xff"}', 'latin1'))).toBe('7');
});
