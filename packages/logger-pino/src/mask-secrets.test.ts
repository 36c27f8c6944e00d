import { expect, it } from 'vitest';
import { maskSecrets } from './mask-secrets.js';

it.each([
  ['postgres://root:s3cret@db:5432/context refuses', 'postgres://***@db:5432/context refuses'],
  ['redis://:s3cret@cache:6379', 'redis://***@cache:6379'],
  ['at https://s3cret@host/path', 'at https://***@host/path'],
  ['postgres://u:s3cr@et@db/x?sslmode=on', 'postgres://***@db/x?sslmode=on'],
  ['host=db password=s3cret user=x', 'host=db password=*** user=x'],
  ['Authorization: Bearer s3cret.abc', 'Authorization: Bearer ***'],
  ['got Bearer s3cret0123', 'got Bearer ***'],
  ['x-api-key: s3cret', 'x-api-key: ***'],
  ['{"requestId":"csk_ci-planner.s3cret_-"}', '{"requestId":"***"}'],
  ['csk_laptop.s3cret opened it', '*** opened it'],
  ['my_csk_laptop.s3cret, Bearer%20csk_laptop.s3cret', 'my_***, Bearer%20***'],
  ['eyJhbGciOi.eyJzdWIi.s3cret', '***'],
  ['at key-eyJhbGciOi.eyJzdWIi.s3cret, yes', 'at ***, yes'],
  ['{"password":"s3cret","a":1}', '{"password":"***","a":1}'],
  [String.raw`{"msg":"{\"token\": \"s3cret\"}"}`, String.raw`{"msg":"{\"token\": \"***\"}"}`],
])('%s', (line, masked) => {
  expect(maskSecrets(line)).toBe(masked);
});

it.each(['eyJ-', '//a', 'token ', 'bearer ', 'csk_', 'a@'])(
  'takes time in proportion to the length of a line of %j',
  (unit) => {
    const leastMs = (count: number): number =>
      Math.min(
        ...Array.from({ length: 5 }, () => {
          const startedMs = performance.now();
          maskSecrets(unit.repeat(count));
          return performance.now() - startedMs;
        }),
      );
    // It would take 256 times as long if each beginning of a match were followed to the end of the line.
    expect(leastMs(32_000) / leastMs(2000)).toBeLessThan(100);
  },
);

it.each([
  '{"level":"info","url":"http://127.0.0.1:3000/mcp","database":"PostgreSQL at db:5432/context"}',
  '{"token":12,"estimatedTokens":7}',
  'password authentication failed for user "root"',
  'a@b.example wrote //',
])('leaves as it is: %s', (line) => {
  expect(maskSecrets(line)).toBe(line);
});
