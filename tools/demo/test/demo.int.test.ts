import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('tells its story to the end', async () => {
  const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [main]);
  const recorded = Number(/records (\d+) entries/.exec(stdout)?.[1]);
  expect(recorded).toBeGreaterThan(300);
  expect(stdout).toContain(`pinned to the log at entry ${recorded}`);
  expect(stdout).toMatch(/briefing: .*, \d+ of 4000 tokens/);
  expect(stdout).toContain(`appends entry ${recorded + 1}:`);
  expect(stdout).toContain('OWNERSHIP_LOST');
  expect(stdout).toContain('Nothing lost');
  expect(stderr).toBe('');
});
