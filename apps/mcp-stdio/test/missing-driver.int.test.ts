import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { dataFolder, program, run, type DataFolder } from './mcp-stdio.js';

const driver = dirname(createRequire(import.meta.url).resolve('better-sqlite3/package.json'));

let folder: DataFolder;
let installed: string;
beforeEach(async () => {
  folder = await dataFolder();
  await cp(dirname(program), join(folder.path, 'dist'), { recursive: true });
  await cp(join(program, '..', '..', 'package.json'), join(folder.path, 'package.json'));
  installed = join(folder.path, 'node_modules', 'better-sqlite3');
});
afterEach(() => folder.remove());

async function installWithoutNativeLibrary(): Promise<void> {
  await mkdir(installed, { recursive: true });
  for (const part of ['package.json', 'lib']) await cp(join(driver, part), join(installed, part), { recursive: true });
}

async function installForAnotherSystem(): Promise<void> {
  await installWithoutNativeLibrary();
  await mkdir(join(installed, 'prebuilds'));
  for (const file of await readdir(join(driver, 'prebuilds'))) {
    await writeFile(join(installed, 'prebuilds', file), 'not a library for this system');
  }
}

it.each([
  ['the driver is missing', () => rm(installed, { recursive: true, force: true })],
  ['its native library is missing', installWithoutNativeLibrary],
  ['its native library is for another system', installForAnotherSystem],
])('says in one line what to do when %s', async (_what, install) => {
  await install();
  const { code, stdout, stderr } = await run(
    { DATABASE_URL: 'sqlite::memory:' },
    [],
    join(folder.path, 'dist', 'main.js'),
  );
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(
    /^mcp-stdio: The SQLite driver better-sqlite3 cannot be loaded .*Install the packages again.*\n$/,
  );
});
