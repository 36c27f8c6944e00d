import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readEnvironment } from '@org/context-store/environment';
import { httpEnvironmentTable } from '@org/mcp-http/environment';
import type { IContainer, IPodSpec } from 'kubernetes-models/v1';
import { describe, expect, it } from 'vitest';
import { findKind, manifestsFolder, overlays, readManifests, type Manifest } from './kubernetes/read-manifests.js';
import { runExample } from './run-example.js';

/** The module with the type and the schema of a manifest. */
const moduleOf = ({ apiVersion }: Manifest): string =>
  apiVersion === 'monitoring.coreos.com/v1'
    ? `@kubernetes-models/prometheus-operator/${apiVersion}`
    : `kubernetes-models/${apiVersion}`;

// The compiler refuses fields that do not exist, and the schemas values that are malformed.
it('the manifests are what Kubernetes takes', { timeout: 120_000 }, async () => {
  const manifests = (
    await Promise.all(overlays.map((overlay) => readManifests(join(manifestsFolder, overlay))))
  ).flat();
  const program = manifests.map(
    (manifest, index) => `
      import { ${manifest.kind} as Kind${index} } from '${moduleOf(manifest)}';
      new Kind${index}(${JSON.stringify({ ...manifest, apiVersion: undefined, kind: undefined })}).validate();`,
  );
  expect(await runExample(`${program.join('\n')}\nconsole.log('valid');`)).toBe('valid\n');
});

describe.each(overlays)('the overlay %s', async (overlay) => {
  const manifests = await readManifests(join(manifestsFolder, overlay));
  const deployment = findKind(manifests, 'Deployment');
  const job = findKind(manifests, 'Job');
  const service = findKind(manifests, 'Service');
  const policy = findKind(manifests, 'NetworkPolicy');
  const pods = [deployment, job].map((manifest) => manifest?.spec?.template.spec as IPodSpec);
  const [server, migration] = pods.map(({ containers }) => containers[0]) as [IContainer, IContainer];
  const configMap = findKind(manifests, 'ConfigMap');
  const settings = Object.entries(configMap?.data ?? {});
  const isFile = ([name]: readonly [string, string]): boolean => name.endsWith('_URL_FILE');
  const environment = Object.fromEntries(settings.filter((setting) => !isFile(setting)));

  it('sets variables that exist, to values that can be read', () => {
    expect(Object.keys(environment).filter((name) => !(name in httpEnvironmentTable))).toEqual([]);
    expect(readEnvironment(httpEnvironmentTable, environment)).toMatchObject({ DATABASE_MIGRATE: false });
  });

  it('takes secrets from files alone', () => {
    const secrets = Object.entries(httpEnvironmentTable).filter(([, variable]) => 'isSecret' in variable);
    const names = secrets.map(([name]) => name);
    const files = settings.filter(isFile).map(([name]) => name);
    expect(files).toContain('DATABASE_URL_FILE');
    expect(files.filter((file) => !names.some((name) => file === `${name}_FILE`))).toEqual([]);
    expect(names.filter((name) => name in environment)).toEqual([]);
    for (const { containers, volumes } of pods) {
      const [{ env, volumeMounts = [] } = { name: '' } as IContainer] = containers;
      expect(env).toBeUndefined();
      const [mount] = volumeMounts;
      expect(volumes?.find(({ name }) => name === mount?.name)?.secret?.secretName).toBe('context-store');
      const paths = settings.filter(([name]) => name.endsWith('_FILE')).map(([, path]) => path);
      for (const path of paths) expect(path).toContain(`${mount?.mountPath}/`);
    }
  });

  it('runs under the restricted standard for pods', () => {
    for (const { containers, securityContext } of pods) {
      expect(securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
      for (const { securityContext: own } of containers) {
        const nothing = {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        };
        expect(own).toEqual(nothing);
      }
    }
  });

  it('has the image of this version, with the programs that are in it', async () => {
    const { version } = JSON.parse(
      await readFile(new URL('../../../apps/mcp-http/package.json', import.meta.url), 'utf8'),
    ) as { version: string };
    expect([server.image, migration.image]).toEqual([`context-store:${version}`, `context-store:${version}`]);
    expect(migration.command).toEqual(['context-store', 'migrate']);
    expect(server.command).toBeUndefined();
  });

  it('joins what belongs together by labels and names', () => {
    const podLabels = deployment?.spec?.template.metadata?.labels;
    const selectors = [
      deployment?.spec?.selector.matchLabels,
      service?.spec?.selector,
      policy?.spec?.podSelector?.matchLabels,
      findKind(manifests, 'PodDisruptionBudget')?.spec?.selector?.matchLabels,
      ...(pods[0]?.topologySpreadConstraints ?? []).map(({ labelSelector }) => labelSelector?.matchLabels),
    ].filter((selector) => selector !== undefined);
    expect(selectors.length).toBeGreaterThanOrEqual(5);
    for (const selector of selectors) expect(podLabels).toMatchObject(selector);
    expect(server.envFrom).toEqual([{ configMapRef: { name: configMap?.metadata?.name } }]);
    expect(migration.envFrom).toEqual(server.envFrom);
    // No call goes to the pod of the migration.
    expect(job?.spec?.template.metadata?.labels).not.toMatchObject(service?.spec?.selector ?? {});
  });

  it('reaches the ports on which the server listens', () => {
    const named = Object.fromEntries((server.ports ?? []).map(({ name, containerPort }) => [name, containerPort]));
    const { PORT, METRICS_PORT } = readEnvironment(httpEnvironmentTable, {});
    expect(named).toEqual({ http: PORT, metrics: METRICS_PORT });
    expect(service?.spec?.ports?.map(({ targetPort }) => targetPort)).toEqual(['http', 'metrics']);
    const allowed = (policy?.spec?.ingress ?? []).flatMap(({ ports = [] }) => ports.map(({ port }) => port));
    expect(allowed).toEqual(['http', 'metrics']);
    expect([server.livenessProbe, server.readinessProbe].map((probe) => probe?.httpGet)).toEqual([
      { path: '/health', port: 'http' },
      { path: '/ready', port: 'http' },
    ]);
  });

  it('has the memory and the time that the server needs', () => {
    const values = readEnvironment(httpEnvironmentTable, environment);
    const { CACHE_MEMORY_MIB = 0, DRAIN_DELAY_SECONDS, DATABASE_POOL_SIZE = 0 } = values;
    const memory = `${2 * CACHE_MEMORY_MIB + 384}Mi`;
    expect(server.resources).toMatchObject({ requests: { memory }, limits: { memory } });
    expect(DRAIN_DELAY_SECONDS).toBeGreaterThan(0);
    expect(pods[0]?.terminationGracePeriodSeconds).toBe(DRAIN_DELAY_SECONDS + 10);
    // /ready takes two seconds at most.
    expect(server.readinessProbe?.timeoutSeconds).toBe(3);
    const { maxReplicas = 1 } = findKind(manifests, 'HorizontalPodAutoscaler')?.spec ?? {};
    // PostgreSQL's default is 100, of which it keeps three for its superuser.
    expect((maxReplicas + 1) * DATABASE_POOL_SIZE).toBeLessThan(97);
  });
});

it('the overlay for replicas scales its deployment, and has its metrics collected', async () => {
  const manifests = await readManifests(join(manifestsFolder, 'replicas'));
  const target = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'context-store' };
  expect(findKind(manifests, 'HorizontalPodAutoscaler')?.spec?.scaleTargetRef).toEqual(target);
  const monitor = findKind(manifests, 'ServiceMonitor')?.spec;
  const labels = findKind(manifests, 'Service')?.metadata?.labels;
  expect(labels).toMatchObject(monitor?.selector.matchLabels ?? { none: '' });
  expect(monitor?.endpoints?.map(({ port }) => port)).toEqual(['metrics']);
});
