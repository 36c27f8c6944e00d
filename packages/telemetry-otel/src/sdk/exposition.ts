import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { allMetrics, type Metric } from '../metrics/metrics.js';

/** Prometheus's text format, which allows the comments of the index. OpenMetrics forbids them, so it is never answered. */
export const expositionType = 'text/plain; version=0.0.4; charset=utf-8';

/** No labels for the target and the scope: Prometheus adds its own for the target. */
const [withoutTargetInfo, withoutScopeInfo] = [true, true];
const serializer = new PrometheusSerializer(undefined, false, undefined, withoutTargetInfo, withoutScopeInfo);

/**
 * Returns the text that a scrape answers. Histograms take hundreds of lines, so an index of all metrics comes first, and
 * counters and gauges come before histograms. The first screen then shows readers what there is.

 * @param prefix what the names of all metrics begin with
 */
export function exposition(measured: ResourceMetrics, prefix: string): string {
  const placeOf = (name: string): number => places.get(name.slice(prefix.length)) ?? places.size;
  const scopeMetrics = measured.scopeMetrics.map(({ scope, metrics }) => ({
    scope,
    metrics: metrics.toSorted((one, other) => placeOf(one.descriptor.name) - placeOf(other.descriptor.name)),
  }));
  return `${indexLines(prefix).join('\n')}\n${serializer.serialize({ ...measured, scopeMetrics })}`;
}

const isHistogram = ([, { kind }]: [string, Metric]): boolean => kind === 'histogram';
const entries = Object.entries(allMetrics);
const inOrder = [...entries.filter((entry) => !isHistogram(entry)), ...entries.filter(isHistogram)];
const places = new Map(inOrder.map(([name], place) => [name, place]));

const longestLine = 150;

/** Lists metrics by the names that queries use: a histogram by the name of its buckets. */
function indexLines(prefix: string): string[] {
  const lines = ['# The metrics of this process'];
  for (const [name, { kind, description }] of entries) {
    const entry = `${prefix}${kind === 'histogram' ? `${name}_bucket` : name}: ${description.replace(/\.$/, '')}`;
    const joined = `${lines.at(-1)} | ${entry}`;
    if (joined.length > longestLine) lines.push(`# ${entry}`);
    else lines[lines.length - 1] = joined;
  }
  return lines;
}
