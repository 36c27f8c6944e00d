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
  expect(stdout).toMatch(/reviewer +wakes up .* “Please review/);
  expect(stdout).toMatch(/reviewer +takes it at epoch 3, on a lease of 60 s/);
  expect(stdout).toMatch(
    /implementer +finds it returned \(“See the finding in entry \d+\.”\), and resumes it at epoch 4/,
  );
  expect(stdout).toMatch(/implementer +reads what is new: \d+, “Finding: [^“]*”\n/);
  expect(stdout).toMatch(/reviewer +takes it at epoch 5/);
  expect(stdout).toMatch(/reviewer +approves[^]*implementer +hears/);
  expect(stdout).toContain('Nothing lost');
  expect(stderr).toBe('');
}, 120_000);
