import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const unitFile = join(root, 'deploy/mcp-http.service');
const run = promisify(execFile);

it('the unit is what systemd takes, and starts programs that exist', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'unit-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const unit = await readFile(unitFile, 'utf8');
  const path = join(folder, 'mcp-http.service');
  await writeFile(path, unit.replaceAll('/opt/context-store/', root));
  expect((await run('systemd-analyze', ['verify', path])).stderr).toBe('');
  await writeFile(path, unit);
  await expect(run('systemd-analyze', ['verify', path])).rejects.toThrow('/opt/context-store');
});

it('the unit exposes little of the machine: 3.0 at most, where 10 is everything', async () => {
  // The threshold is ten times the score. A score above it is a failure.
  await run('systemd-analyze', ['security', '--offline=true', '--threshold=30', unitFile]);
  const stricter = run('systemd-analyze', ['security', '--offline=true', '--threshold=5', unitFile]);
  await expect(stricter).rejects.toThrow('security');
});
