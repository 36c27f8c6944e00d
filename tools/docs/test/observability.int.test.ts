import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { httpMetrics, processMetrics, storeMetrics, type Metric } from '@org/telemetry-otel';
import { describe, expect, it } from 'vitest';
import { queryMetrics, type SelectedMetric } from '../src/query-metrics.js';

const read = (file: string): Promise<string> =>
  readFile(new URL(`../../../docs/operations/observability/${file}`, import.meta.url), 'utf8');

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly query: string | { readonly query: string } }[];
  };
}

const { panels, templating } = JSON.parse(await read('dashboard.json')) as Dashboard;
const onDashboard = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const));

/** What Grafana fills its variables from: `label_values(EXPRESSION, LABEL)`. */
const ofVariables = templating.list.flatMap(({ name, query }) =>
  typeof query === 'string' ? [] : [[name, query.query.replace(/^label_values\((.*), \w+\)$/, '$1')] as const],
);

/** An expression stands on its line, or on more of them behind a bar. */
const alerts = (await read('alerts.yml')).split('- alert: ').slice(1);
const inAlerts = alerts.map((alert) => {
  const [, oneLine, lines = ''] = /expr: (?:([^|\n].*)|\|\n((?: {10,}.*\n)+))/.exec(alert) ?? [];
  return [alert.slice(0, alert.indexOf('\n')), oneLine ?? lines] as const;
});

const metrics = new Map<string, Metric>(Object.entries({ ...storeMetrics, ...httpMetrics, ...processMetrics }));

/** A histogram exposes three series; `le` belongs to one of them. */
function labelsOf(series: string): string[] | undefined {
  if (series === 'up') return [];
  const [, base = '', suffix] = /^(.*?)(_bucket|_count|_sum)?$/.exec(series) ?? [];
  const metric = metrics.get(series) ?? (metrics.get(base)?.kind === 'histogram' ? metrics.get(base) : undefined);
  if (metric === undefined || (metric.kind === 'histogram') !== (suffix !== undefined)) return undefined;
  return [...Object.keys(metric.labels ?? {}), ...(suffix === '_bucket' ? ['le'] : [])];
}

const unknown = (expression: string): SelectedMetric[] =>
  queryMetrics(expression).filter(({ name, labels }) => {
    const known = labelsOf(name);
    return known === undefined || labels.some((label) => !['job', 'instance', ...known].includes(label));
  });

describe('every expression asks for metrics that exist, by labels that they have', () => {
  it.each([...onDashboard, ...ofVariables, ...inAlerts])('%s: %s', (_title, expression) => {
    expect(queryMetrics(expression).length).toBeGreaterThan(0);
    expect(unknown(expression)).toEqual([]);
  });

  it('or is found out', () => {
    expect(unknown('sum by (tool) (rate(tool_duration_bucket{job="x"}[5m]))').map(({ name }) => name)).toEqual([
      'tool_duration_bucket',
    ]);
    for (const wrong of [
      'tool_duration_ms',
      'error_rate_count',
      'error_rate{tool="x"}',
      'up{le="1"}',
      'up > 0.5 and nothing',
    ]) {
      expect(unknown(wrong), wrong).toHaveLength(1);
    }
    expect(unknown('60 * rate(sessions_created_total[$__rate_interval]) / on (instance) up{job=~"a|b"}')).toEqual([]);
  });
});

it('shows every metric of the store on the dashboard', () => {
  const shown = new Set(onDashboard.flatMap(([, expression]) => queryMetrics(expression).map(({ name }) => name)));
  const missing = [...metrics].filter(
    ([name]) => ![name, `${name}_bucket`, `${name}_count`].some((series) => shown.has(series)),
  );
  expect(missing.map(([name]) => name)).toEqual([]);
});

it('gets a prefix of metrics by the command on the page, and nothing else changes', async () => {
  const [, command = ''] = /^(sed .*)$/m.exec(await read('metrics.md')) ?? [];
  const folder = await mkdtemp(join(tmpdir(), 'metrics-'));
  const files = ['dashboard.json', 'alerts.yml', 'alerts.test.yml'];
  for (const file of files) await writeFile(join(folder, file), await read(file));
  execFileSync('sh', ['-c', command], { cwd: folder });
  for (const file of files) {
    const [before, after] = [await read(file), await readFile(join(folder, file), 'utf8')];
    expect(after.replaceAll('context_store_', '')).toBe(before);
    const bare = [...metrics.keys()].filter((name) => new RegExp(`\\b${name}(_bucket|_count|_sum)?\\b`).test(after));
    expect({ file, bare }).toEqual({ file, bare: [] });
    const prefixed = [...after.matchAll(/context_store_(\w+)/g)].map(([, name = '']) => name);
    expect({ file, unknown: prefixed.filter((name) => labelsOf(name) === undefined && !metrics.has(name)) }).toEqual({
      file,
      unknown: [],
    });
  }
  await rm(folder, { recursive: true });
});

it('tests that every alert fires, and that it is silent', async () => {
  const tests = await read('alerts.test.yml');
  expect(inAlerts.length).toBeGreaterThan(5);
  for (const [alert] of inAlerts) {
    const cases = tests.split('  - name: ').filter((test) => test.includes(`alertname: ${alert}\n`));
    expect(
      cases.some((test) => test.includes('exp_labels')),
      `${alert} fires`,
    ).toBe(true);
    expect(
      cases.some((test) => test.includes('exp_alerts: []')),
      `${alert} is silent`,
    ).toBe(true);
  }
});
