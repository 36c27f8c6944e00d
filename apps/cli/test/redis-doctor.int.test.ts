import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { redisUrl } from '@org/redis-connection/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { linesOf, runDoctor } from './doctor.js';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'doctor-'));
});
afterEach(() => rmSync(home, { recursive: true }));

it('shows the version of a Redis that answers, and says of another one that it cannot be used', async () => {
  const at = (url: string) => runDoctor({ home, env: { DATABASE_URL: 'sqlite::memory:', REDIS_URL: url } });
  expect(linesOf(await at(redisUrl), 'Redis')).toContainEqual(expect.stringMatching(/^ok: version \d+\.\d+\.\d+ at /));
  const run = await at('redis://:hunter2@127.0.0.1:9');
  expect([run.code, linesOf(run, 'Redis')]).toEqual([
    1,
    [expect.stringMatching(/^problem: 127\.0\.0\.1:9 cannot be used \(.*ECONNREFUSED.*\)\. Check REDIS_URL/)],
  ]);
  expect(JSON.stringify(run.findings)).not.toContain('hunter2');
});
