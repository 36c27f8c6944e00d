import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const run = promisify(execFile);

it('docker-compose.yml is what Compose takes, and mounts files that exist', async () => {
  const { stdout } = await run('docker-compose', ['--file', join(root, 'docker-compose.yml'), 'config']);
  const mounted = [...stdout.matchAll(/^\s*- (\/[^:\n]+):[^:\n]+:ro$/gm)].map(([, path = '']) => path);
  expect(mounted).toHaveLength(5);
  for (const path of mounted) expect(await readFile(path, 'utf8')).not.toBe('');
});
