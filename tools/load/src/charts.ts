import { lineChart, type Line } from './line-chart.js';
import { parts } from './observer.js';
import type { LoadReport, ReportPoint } from './report.js';

/** By the names of their files. */
export type Charts = Readonly<Record<string, string>>;

const xTitle = 'seconds from the beginning of the run, warm-up included';

/** Everything over time. */
export function chartsOf({ timeline, client }: LoadReport): Charts {
  const line = (name: string, y: (point: ReportPoint) => number | undefined): Line => ({
    name,
    points: timeline.flatMap((point) => {
      const value = y(point);
      return value === undefined ? [] : [[point.atSeconds, value] as const];
    }),
  });
  const mib = (bytes: number | undefined): number | undefined => (bytes === undefined ? undefined : bytes / 1024 ** 2);
  const charts: Record<string, { title: string; yTitle: string; lines: Line[] }> = {
    latency: {
      title: 'Latency from the intended start',
      yTitle: 'ms',
      lines: [
        line('p50', ({ all }) => all?.p50),
        line('p95', ({ all }) => all?.p95),
        line('p99', ({ all }) => all?.p99),
      ],
    },
    'latency-of-tools': {
      title: 'p95 of each tool, from the intended start',
      yTitle: 'ms',
      lines: client.tools.map(({ tool }) => line(tool, ({ p95OfTools }) => p95OfTools[tool])),
    },
    throughput: {
      title: 'Calls answered',
      yTitle: 'calls a second',
      lines: [line('all', (point) => point.callsPerSecond), line('errors', (point) => point.errorsPerSecond)],
    },
    cpu: {
      title: 'CPU',
      yTitle: 'cores',
      lines: parts.map((part) => line(part, ({ cores }) => cores[part])),
    },
    memory: {
      title: 'Memory of the server',
      yTitle: 'MiB',
      lines: [
        line('resident', ({ residentBytes }) => mib(residentBytes)),
        line('heap, garbage included', ({ heapBytes }) => mib(heapBytes)),
      ],
    },
    'event-loop': {
      title: 'Event loop of the server: how late timers were, p99 of each second',
      yTitle: 'ms',
      lines: [line('lag', ({ eventLoopLagP99Ms }) => eventLoopLagP99Ms)],
    },
  };
  const drawn = Object.entries(charts).flatMap(([name, chart]) => {
    const lines = chart.lines.filter(({ points }) => points.length > 0);
    return lines.length === 0 ? [] : [[`${name}.svg`, lineChart({ ...chart, xTitle, lines })]];
  });
  return Object.fromEntries(drawn) as Charts;
}
