import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { codeBlocks } from '../src/code-blocks.js';
import { manifestsFolder, overlays, readManifests } from './kubernetes/read-manifests.js';

const kustomize = (folder: string): Promise<{ stdout: string; stderr: string }> =>
  promisify(execFile)('kubectl', ['kustomize', folder]);

const inOrder = (manifests: readonly unknown[]): unknown[] =>
  manifests.toSorted((one, other) => JSON.stringify(sorted(one)).localeCompare(JSON.stringify(sorted(other))));

const sorted = (value: unknown): unknown =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => one.localeCompare(other)))
    : value;

it.each(overlays)('kubectl makes of the overlay %s what the other tests of it read', async (overlay) => {
  const folder = join(manifestsFolder, overlay);
  const { stdout, stderr } = await kustomize(folder);
  expect(stderr).toBe('');
  const withoutHashes = stdout.replaceAll(/context-store-[a-z0-9]{10}$/gm, 'context-store');
  expect(withoutHashes).not.toBe(stdout);
  const made = parseAllDocuments(withoutHashes).map((document) => document.toJS() as unknown);
  expect(inOrder(made)).toEqual(inOrder(await readManifests(folder)));
});

it('the overlay that the page shows names an image and a host of its own', async () => {
  const page = await readFile(join(manifestsFolder, '../../docs/operations/deployment.md'), 'utf8');
  const [overlay = ''] = codeBlocks(page, 'yaml');
  const folder = await mkdtemp(join(tmpdir(), 'kubernetes-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await cp(manifestsFolder, folder, { recursive: true });
  await mkdir(join(folder, 'mine'));
  await writeFile(join(folder, 'mine/kustomization.yaml'), overlay);
  const { stdout } = await kustomize(join(folder, 'mine'));
  expect(stdout).toMatch(/image: registry\.example\.com\/context-store:\d/);
  expect(stdout).not.toMatch(/image: context-store/);
  expect(stdout).toMatch(/^ {2}ALLOWED_HOSTS: context\.example\.com,context-store$/m);
  expect(stdout).toMatch(/^ {2}REDIS_URL_FILE: /m);
  expect(stdout).toMatch(/^ {2}namespace: context-store$/m);
});
