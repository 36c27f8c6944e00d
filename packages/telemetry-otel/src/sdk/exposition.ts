import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { httpMetrics, processMetrics, storeMetrics, type Metric } from '../metrics/metrics.js';

const table: Readonly<Record<string, Metric>> = { ...storeMetrics, ...httpMetrics, ...processMetrics };

/** Comments are part of Prometheus's own text format. OpenMetrics, which is answered to nobody, forbids them. */
export const expositionType = 'text/plain; version=0.0.4; charset=utf-8';

/** Neither as labels of every series: whoever scrapes knows what it scrapes. */
const [withoutTargetInfo, withoutScopeInfo] = [true, true];
const serializer = new PrometheusSerializer(undefined, false, undefined, withoutTargetInfo, withoutScopeInfo);

/**
 * What a scrape answers. Histograms take hundreds of lines: an index at the top names all that there is, and what is short
 * comes before them, in the order of the tables. So whoever looks at the first screen alone sees what to look for.
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

/** By the names that one queries: of a histogram, that of its buckets. */
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
