import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { readSettings } from '../read-settings.js';

export const manifestsFolder = fileURLToPath(new URL('../../../../deploy/kubernetes', import.meta.url));

export const overlays = ['single', 'replicas'];

interface Labelled {
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Labelled;
}

interface Kustomization {
  readonly resources: readonly string[];
  readonly configMapGenerator?: readonly { readonly name: string; readonly envs: readonly string[] }[];
  readonly images?: readonly { readonly name: string; readonly newTag: string }[];
}

/**
 * Reads what `kubectl kustomize` makes of a folder, as far as the manifests here use kustomize: resources, images, and one
 * ConfigMap of settings, to which an overlay adds. kubectl also adds a hash to the name of the ConfigMap.
 */
export async function readManifests(folder: string): Promise<Manifest[]> {
  const read = (file: string): Promise<string> => readFile(join(folder, file), 'utf8');
  const kustomization = parse(await read('kustomization.yaml')) as Kustomization;
  const found = await Promise.all(
    kustomization.resources.map(async (resource) =>
      (await stat(join(folder, resource))).isDirectory()
        ? readManifests(join(folder, resource))
        : [parse(withTags(await read(resource), kustomization)) as Manifest],
    ),
  );
  const maps = (kustomization.configMapGenerator ?? []).map(async ({ name, envs }) => {
    const data = Object.assign({}, ...(await Promise.all(envs.map(read))).map(readSettings)) as Record<string, string>;
    return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data };
  });
  return merged([...found.flat(), ...(await Promise.all(maps))]);
}

const withTags = (text: string, { images = [] }: Kustomization): string =>
  images.reduce((tagged, { name, newTag }) => tagged.replaceAll(`image: ${name}\n`, `image: ${name}:${newTag}\n`), text);

/** A ConfigMap of an overlay adds to that of the base. */
function merged(manifests: readonly (Manifest & { readonly data?: object })[]): Manifest[] {
  const byName = new Map<string, Manifest & { readonly data?: object }>();
  for (const manifest of manifests) {
    const key = `${manifest.kind} ${manifest.metadata.name}`;
    const base = byName.get(key);
    byName.set(key, base === undefined ? manifest : { ...base, data: { ...base.data, ...manifest.data } });
  }
  return [...byName.values()];
}
