import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { projectFolders, workspaceFolder } from '../src/project-folders.js';

it('every project has a README', () => {
  expect(projectFolders.filter((folder) => !existsSync(join(workspaceFolder, folder, 'README.md')))).toEqual([]);
});

it('the example in the README of each package compiles', async () => {
  const examples: string[] = [];
  const folders: string[] = [];
  try {
    for (const folder of projectFolders.filter((name) => name.startsWith('packages/'))) {
      const readme = await readFile(join(workspaceFolder, folder, 'README.md'), 'utf8');
      const code = /^```ts\n(?<code>.*?)^```$/ms.exec(readme)?.groups?.['code'];
      expect(code, `an example in ${folder}/README.md`).toBeDefined();
      // Inside the package, so that it finds what the package depends on.
      const example = await mkdtemp(join(workspaceFolder, folder, '.example-'));
      folders.push(example);
      examples.push(join(example, 'readme.ts'));
      await writeFile(join(example, 'readme.ts'), code ?? '');
    }
    expect(await complaintsOfCompiler(examples)).toBe('');
  } finally {
    await Promise.all(folders.map((folder) => rm(folder, { recursive: true })));
  }
});

/** What the compiler prints about these files. Empty if they are right. */
async function complaintsOfCompiler(files: readonly string[]): Promise<string> {
  const compiler = join(workspaceFolder, 'node_modules/typescript/bin/tsc');
  const options = '--noEmit --strict --module nodenext --target es2024 --types node --skipLibCheck --ignoreConfig';
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [compiler, ...options.split(' '), ...files], {
      cwd: workspaceFolder,
    });
    return stdout;
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}
