import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const verify = promisify(execFile);

it('the unit is what systemd takes, and starts a program that exists', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'unit-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const unit = await readFile(join(root, 'deploy/mcp-http.service'), 'utf8');
  const path = join(folder, 'mcp-http.service');
  await writeFile(path, unit.replace('/opt/context-store/', root));
  expect((await verify('systemd-analyze', ['verify', path])).stderr).toBe('');
  await writeFile(path, unit);
  await expect(verify('systemd-analyze', ['verify', path])).rejects.toThrow('/opt/context-store');
});
