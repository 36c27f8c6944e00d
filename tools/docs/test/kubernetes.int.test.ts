import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readEnvironment } from '@org/context-store/environment';
import { httpEnvironmentTable } from '@org/mcp-http/environment';
import type { IDeployment } from 'kubernetes-models/apps/v1';
import type { IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import type { IJob } from 'kubernetes-models/batch/v1';
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1';
import type { IConfigMap, IContainer, IPodSpec, IService } from 'kubernetes-models/v1';
import type { IServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import { describe, expect, it } from 'vitest';
import { manifestsFolder, overlays, readManifests, type Manifest } from './kubernetes/read-manifests.js';
import { runExample } from './run-example.js';

/** The module with the type and the schema of a manifest. */
const moduleOf = ({ apiVersion }: Manifest): string =>
  apiVersion === 'monitoring.coreos.com/v1'
    ? `@kubernetes-models/prometheus-operator/${apiVersion}`
    : `kubernetes-models/${apiVersion}`;

// The compiler refuses fields that do not exist, and the schemas values that are malformed.
it('the manifests are what Kubernetes takes', { timeout: 120_000 }, async () => {
  const manifests = (await Promise.all(overlays.map((overlay) => readManifests(join(manifestsFolder, overlay))))).flat();
  const program = manifests.map(
    (manifest, index) => `
      import { ${manifest.kind} as Kind${index} } from '${moduleOf(manifest)}';
      new Kind${index}(${JSON.stringify({ ...manifest, apiVersion: undefined, kind: undefined })}).validate();`,
  );
  expect(await runExample(`${program.join('\n')}\nconsole.log('valid');`)).toBe('valid\n');
});

describe.each(overlays)('the overlay %s', async (overlay) => {
  const manifests = await readManifests(join(manifestsFolder, overlay));
  const find = <Kind>(kind: string): Kind => manifests.find((manifest) => manifest.kind === kind) as Kind;
  const deployment = find<IDeployment>('Deployment');
  const pods = [deployment.spec, find<IJob>('Job').spec].map((spec) => spec?.template.spec as IPodSpec);
  const [server, migration] = pods.map(({ containers }) => containers[0] as IContainer) as [IContainer, IContainer];
  const podLabels = deployment.spec?.template.metadata?.labels;
  const settings = find<IConfigMap>('ConfigMap').data ?? {};

  it('sets variables that exist, to values that can be read', () => {
    const files = Object.entries(settings).filter(([name]) => /_URL_FILE$/.test(name));
    expect(files.map(([name]) => name)).toContain('DATABASE_URL_FILE');
    const isSecret = ([name]: readonly [string, string]): boolean => {
      const variable = Object.entries(httpEnvironmentTable).find(([key]) => `${key}_FILE` === name)?.[1];
      return variable !== undefined && 'isSecret' in variable;
    };
    expect(files.filter((file) => !isSecret(file))).toEqual([]);
    const others = Object.fromEntries(Object.entries(settings).filter(([name]) => !/_URL_FILE$/.test(name)));
    expect(Object.keys(others).filter((name) => !(name in httpEnvironmentTable))).toEqual([]);
    expect(readEnvironment(httpEnvironmentTable, others)).toMatchObject({ DATABASE_MIGRATE: false });
  });

  it('takes secrets from files alone', () => {
    const secretVariables = Object.entries(httpEnvironmentTable).filter(([, variable]) => 'isSecret' in variable);
    expect(secretVariables.map(([name]) => name)).toContain('DATABASE_URL');
    expect(secretVariables.filter(([name]) => name in settings)).toEqual([]);
    for (const { containers, volumes } of pods) {
      const [{ env, volumeMounts = [] } = {} as IContainer] = containers;
      expect(env).toBeUndefined();
      const [mount] = volumeMounts;
      expect(volumes?.find(({ name }) => name === mount?.name)?.secret?.secretName).toBe('context-store');
      const paths = Object.entries(settings).filter(([name]) => name.endsWith('_FILE'));
      for (const [, path] of paths) expect(path).toContain(`${mount?.mountPath}/`);
    }
  });

  it('runs under the restricted standard for pods', () => {
    for (const { containers, securityContext } of pods) {
      expect(securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
      for (const { securityContext: own } of containers) {
        const nothing = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } };
        expect(own).toEqual(nothing);
      }
    }
  });

  it('has the image of this version, with the programs that are in it', async () => {
    const { version } = JSON.parse(
      await readFile(new URL('../../../apps/mcp-http/package.json', import.meta.url), 'utf8'),
    ) as { version: string };
    expect([server.image, migration.image]).toEqual(Array(2).fill(`context-store:${version}`));
    expect(migration.command).toEqual(['context-store', 'migrate']);
    expect(server.command).toBeUndefined();
  });

  it('joins what belongs together by labels and names', () => {
    const selectors = [
      deployment.spec?.selector.matchLabels,
      find<IService>('Service').spec?.selector,
      find<INetworkPolicy>('NetworkPolicy').spec?.podSelector?.matchLabels,
      find<IPodDisruptionBudget | undefined>('PodDisruptionBudget')?.spec?.selector?.matchLabels,
      ...(pods[0]?.topologySpreadConstraints ?? []).map(({ labelSelector }) => labelSelector?.matchLabels),
    ].filter((selector) => selector !== undefined);
    expect(selectors.length).toBeGreaterThanOrEqual(5);
    for (const selector of selectors) expect(podLabels).toMatchObject(selector);
    expect(server.envFrom).toEqual([{ configMapRef: { name: find<IConfigMap>('ConfigMap').metadata?.name } }]);
    expect(migration.envFrom).toEqual(server.envFrom);
    // No call goes to the pod of the migration.
    const jobLabels = find<IJob>('Job').spec?.template.metadata?.labels;
    expect(jobLabels).not.toMatchObject(find<IService>('Service').spec?.selector ?? {});
  });

  it('reaches the ports on which the server listens', () => {
    const named = Object.fromEntries((server.ports ?? []).map(({ name, containerPort }) => [name, containerPort]));
    const { PORT, METRICS_PORT } = readEnvironment(httpEnvironmentTable, {});
    expect(named).toEqual({ http: PORT, metrics: METRICS_PORT });
    const service = find<IService>('Service').spec?.ports ?? [];
    expect(service.map(({ name, targetPort }) => ({ name, targetPort }))).toEqual([
      { name: 'http', targetPort: 'http' },
      { name: 'metrics', targetPort: 'metrics' },
    ]);
    const allowed = find<INetworkPolicy>('NetworkPolicy').spec?.ingress ?? [];
    expect(allowed.flatMap(({ ports = [] }) => ports.map(({ port }) => port))).toEqual(['http', 'metrics']);
    const probes = [server.livenessProbe, server.readinessProbe].map((probe) => probe?.httpGet);
    expect(probes).toEqual([
      { path: '/health', port: 'http' },
      { path: '/ready', port: 'http' },
    ]);
  });

  it('has the memory and the time that the server needs', () => {
    const { CACHE_MEMORY_MIB = 0, DRAIN_DELAY_SECONDS, DATABASE_POOL_SIZE = 0 } = readEnvironment(
      httpEnvironmentTable,
      Object.fromEntries(Object.entries(settings).filter(([name]) => !/_URL_FILE$/.test(name))),
    );
    const memory = `${2 * CACHE_MEMORY_MIB + 384}Mi`;
    expect(server.resources).toMatchObject({ requests: { memory }, limits: { memory } });
    expect(DRAIN_DELAY_SECONDS).toBeGreaterThan(0);
    expect(pods[0]?.terminationGracePeriodSeconds).toBe(DRAIN_DELAY_SECONDS + 10);
    // /ready takes two seconds at most.
    expect(server.readinessProbe?.timeoutSeconds).toBe(3);
    const autoscaler = find<IHorizontalPodAutoscaler | undefined>('HorizontalPodAutoscaler');
    // PostgreSQL's default is 100, of which it keeps three for its superuser.
    expect(((autoscaler?.spec?.maxReplicas ?? 1) + 1) * DATABASE_POOL_SIZE).toBeLessThan(97);
  });
});

it('the overlay for replicas scales its deployment, and has its metrics collected', async () => {
  const manifests = await readManifests(join(manifestsFolder, 'replicas'));
  const [autoscaler] = manifests.filter(({ kind }) => kind === 'HorizontalPodAutoscaler') as IHorizontalPodAutoscaler[];
  expect(autoscaler?.spec?.scaleTargetRef).toEqual({ apiVersion: 'apps/v1', kind: 'Deployment', name: 'context-store' });
  const [monitor] = manifests.filter(({ kind }) => kind === 'ServiceMonitor') as unknown as IServiceMonitor[];
  const [service] = manifests.filter(({ kind }) => kind === 'Service');
  expect(service?.metadata.labels).toMatchObject(monitor?.spec.selector.matchLabels ?? { none: '' });
  expect(monitor?.spec.endpoints?.map(({ port }) => port)).toEqual(['metrics']);
});
