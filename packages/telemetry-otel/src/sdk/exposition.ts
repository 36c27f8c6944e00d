import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { httpMetrics, processMetrics, storeMetrics, type Metric } from '../metrics/metrics.js';

const table: Readonly<Record<string, Metric>> = { ...storeMetrics, ...httpMetrics, ...processMetrics };

/** Prometheus's text format, which allows the comments of the index. OpenMetrics forbids them, so it is never answered. */
export const expositionType = 'text/plain; version=0.0.4; charset=utf-8';

/** No labels for the target and the scope: Prometheus adds its own for the target. */
const [withoutTargetInfo, withoutScopeInfo] = [true, true];
const serializer = new PrometheusSerializer(undefined, false, undefined, withoutTargetInfo, withoutScopeInfo);

/**
 * Returns the text that a scrape answers. Histograms take hundreds of lines, so an index of all metrics comes first, and
 * counters and gauges come before histograms. The first screen then shows readers what there is.
 */
export function exposition(measured: ResourceMetrics): string {
  const scopeMetrics = measured.scopeMetrics.map(({ scope, metrics }) => ({
    scope,
    metrics: metrics.toSorted((one, other) => placeOf(one.descriptor.name) - placeOf(other.descriptor.name)),
  }));
  return `${index}${serializer.serialize({ ...measured, scopeMetrics })}`;
}

const isHistogram = ([, { kind }]: [string, Metric]): boolean => kind === 'histogram';
const entries = Object.entries(table);
const inOrder = [...entries.filter((entry) => !isHistogram(entry)), ...entries.filter(isHistogram)];
const places = new Map(inOrder.map(([name], place) => [name, place]));
const placeOf = (name: string): number => places.get(name) ?? places.size;

const longestLine = 150;

/** Lists metrics by the names that queries use: a histogram by the name of its buckets. */
function indexLines(): string[] {
  const lines = ['# The metrics of this process'];
  for (const [name, { kind, description }] of entries) {
    const entry = `${kind === 'histogram' ? `${name}_bucket` : name}: ${description.replace(/\.$/, '')}`;
    const joined = `${lines.at(-1)} | ${entry}`;
    if (joined.length > longestLine) lines.push(`# ${entry}`);
    else lines[lines.length - 1] = joined;
  }
  return lines;
}

const index = `${indexLines().join('\n')}\n`;
