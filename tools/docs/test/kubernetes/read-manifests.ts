import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { IDeployment } from 'kubernetes-models/apps/v1';
import type { IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import type { IJob } from 'kubernetes-models/batch/v1';
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1';
import type { IConfigMap, IService } from 'kubernetes-models/v1';
import type { IServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import { parse } from 'yaml';
import { readSettings } from '../read-settings.js';

export const manifestsFolder = fileURLToPath(new URL('../../../../deploy/kubernetes', import.meta.url));

export const overlays = ['single', 'replicas'];

interface Kinds {
  readonly ConfigMap: IConfigMap;
  readonly Deployment: IDeployment;
  readonly HorizontalPodAutoscaler: IHorizontalPodAutoscaler;
  readonly Job: IJob;
  readonly NetworkPolicy: INetworkPolicy;
  readonly PodDisruptionBudget: IPodDisruptionBudget;
  readonly Service: IService;
  readonly ServiceMonitor: IServiceMonitor;
}

export type Manifest = Kinds[keyof Kinds];

/** Returns the manifest of a kind, of which there is one at most. */
export const findKind = <Kind extends keyof Kinds>(
  manifests: readonly Manifest[],
  kind: Kind,
): Kinds[Kind] | undefined => manifests.find((manifest) => manifest.kind === kind) as Kinds[Kind] | undefined;

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
  const maps = (kustomization.configMapGenerator ?? []).map(async ({ name, envs }): Promise<IConfigMap> => {
    const data = readSettings((await Promise.all(envs.map(read))).join('\n'));
    return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data };
  });
  return mergeSettings([...found.flat(), ...(await Promise.all(maps))]);
}

const withTags = (text: string, { images = [] }: Kustomization): string =>
  images.reduce(
    (tagged, { name, newTag }) => tagged.replaceAll(`image: ${name}\n`, `image: ${name}:${newTag}\n`),
    text,
  );

/** The settings of an overlay are added to those of the base. */
function mergeSettings(manifests: readonly Manifest[]): Manifest[] {
  const [first, ...added] = manifests.filter((manifest) => manifest.kind === 'ConfigMap');
  const others = manifests.filter((manifest) => manifest.kind !== 'ConfigMap');
  if (first === undefined) return others;
  const data = Object.fromEntries([first, ...added].flatMap((map) => Object.entries(map.data ?? {})));
  return [...others, { ...first, data }];
}
