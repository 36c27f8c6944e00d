import { exec } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { workspaceFolder } from '../src/project-folders.js';

const run = promisify(exec);

it('the quickstart says how to get the library, and what it shows runs then', { timeout: 300_000 }, async () => {
  const page = await readFile(join(workspaceFolder, 'docs/quickstart/service-author.md'), 'utf8');
  const [, shell = '', code = ''] =
    /^## 1\. Install it\n[^]*?```sh\n([^]*?)```[^]*?```ts\n([^]*?)```/m.exec(page) ?? [];
  const folder = await mkdtemp(join(tmpdir(), 'library-'));
  try {
    const [pack = '', install = ''] = shell.replaceAll('/tmp/context-store', join(folder, 'archives')).split('\n');
    await run(pack, { cwd: workspaceFolder });
    const project = join(folder, 'project');
    await mkdir(project);
    await writeFile(join(project, 'package.json'), '{ "name": "service", "private": true, "type": "module" }');
    await run(install, { cwd: project });
    await writeFile(join(project, 'service.ts'), code);
    const { stdout } = await run(`${process.execPath} service.ts`, { cwd: project });
    expect(stdout).toContain('implementer owns release-2 at epoch 2');
  } finally {
    await rm(folder, { recursive: true });
  }
});
