import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { manifestsFolder, overlays, readManifests } from './kubernetes/read-manifests.js';

const inOrder = (manifests: readonly unknown[]): unknown[] =>
  manifests.toSorted((one, other) => JSON.stringify(sorted(one)).localeCompare(JSON.stringify(sorted(other))));

const sorted = (value: unknown): unknown =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => one.localeCompare(other)))
    : value;

it.each(overlays)('kubectl makes of the overlay %s what the other tests of it read', async (overlay) => {
  const folder = join(manifestsFolder, overlay);
  const { stdout, stderr } = await promisify(execFile)('kubectl', ['kustomize', folder]);
  expect(stderr).toBe('');
  const withoutHashes = stdout.replaceAll(/context-store-[a-z0-9]{10}$/gm, 'context-store');
  expect(withoutHashes).not.toBe(stdout);
  const made = parseAllDocuments(withoutHashes).map((document) => document.toJS() as unknown);
  expect(inOrder(made)).toEqual(inOrder(await readManifests(folder)));
});
