import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { apiReport } from '../src/api-report.js';
import type { PackageManifest } from '../src/package-manifest.js';
import { projectFolders, workspaceFolder } from '../src/project-folders.js';

const packages = projectFolders.filter((folder) => folder.startsWith('packages/'));

it.each(packages)('the API report of %s is up to date (npm run docs)', async (folder) => {
  const path = join(workspaceFolder, folder);
  const manifest = JSON.parse(await readFile(join(path, 'package.json'), 'utf8')) as PackageManifest;
  const file = join(workspaceFolder, 'etc', `${folder.split('/')[1]}.api.md`);

  const report = apiReport(path, manifest);
  if (process.env['UPDATE_DOCS'] === '1') await writeFile(file, report);

  expect(await readFile(file, 'utf8')).toBe(report);
});
