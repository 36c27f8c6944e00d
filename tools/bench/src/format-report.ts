import { markdownTable } from '@org/docs/markdown-table';
import { describeFacts } from '@org/measure/machine';
import type { Spread } from '@org/measure/statistics';
import type { ComparisonReport, RowReport, VariantReport } from './measure-row.js';
import type { Effort } from './row.js';

/** What `--json` writes. */
export interface Report {
  readonly startedAt: string;
  readonly durationSeconds: number;
  readonly effort: Effort;
  readonly machine: Readonly<Record<string, string>>;
  readonly rows: readonly RowReport[];
}

/** The report in Markdown. */
export function formatReport({ rows, effort, machine }: Report): string {
  const { rounds, measureMs, warmupMs } = effort;
  return [
    ...rows.map(formatRow),
    `Medians of ${rounds} rounds, with least and most in brackets. Ratios are taken within a round. Rates are of ${measureMs / 1000} s after ${warmupMs / 1000} s of warm-up.`,
    describeFacts(machine),
  ].join('\n\n');
}

function formatRow({ name, title, missing, disturbance, variants, comparisons, profile, settings }: RowReport): string {
  const profiled = profile?.hottest.map(
    ({ where, selfPercent }) => `${selfPercent.toFixed(1).padStart(5)} %  ${where}`,
  );
  return [
    `## ${name}: ${title}`,
    ...(missing === undefined ? [] : [`MISSING: ${missing}`]),
    ...(disturbance === undefined ? [] : [disturbance]),
    ...(variants.length === 0 ? [] : [variantTable(variants), comparisonTable(comparisons)]),
    ...(profiled === undefined
      ? []
      : [
          `Busy time of the product’s process, without callees (${profile?.file}):\n\n\`\`\`text\n${profiled.join('\n')}\n\`\`\``,
        ]),
    ...(Object.keys(settings).length === 0 ? [] : [describeFacts(settings)]),
  ].join('\n\n');
}

type Column = readonly [title: string, figure: (variant: VariantReport) => Spread | undefined];

/** Leaves out a column that is empty for all variants. */
function variantTable(variants: readonly VariantReport[]): string {
  const facts = [...new Set(variants.flatMap((variant) => Object.keys(variant.facts)))];
  const columns: Column[] = [
    ['calls/s', ({ callsPerSecond }) => callsPerSecond],
    ['p50 ms', ({ p50Ms }) => p50Ms],
    ['p95 ms', ({ p95Ms }) => p95Ms],
    ...facts.map((fact): Column => [fact, (variant) => variant.facts[fact]]),
  ];
  const used = columns.filter(([, figure]) => variants.some((variant) => figure(variant) !== undefined));
  return markdownTable(
    ['variant', ...used.map(([title]) => title)],
    variants.map((variant) => [variant.name, ...used.map(([, figure]) => formatMedian(figure(variant)))]),
  );
}

const comparisonTable = (comparisons: readonly ComparisonReport[]): string =>
  markdownTable(
    ['comparison', 'median', 'range', 'bar', 'verdict'],
    comparisons.map(({ name, value, bar, verdict = '' }) => [
      name,
      value.median.toFixed(2),
      `(${value.min.toFixed(2)}–${value.max.toFixed(2)})`,
      bar === undefined ? '' : 'atLeast' in bar ? `≥ ${bar.atLeast}` : `≤ ${bar.atMost}`,
      verdict,
    ]),
  );

/** With three significant digits, or all digits of a whole number. */
function formatMedian(value: Spread | undefined): string {
  if (value === undefined) return '';
  const digits = Math.max(0, Math.min(3, 2 - Math.floor(Math.log10(Math.abs(value.median) || 1))));
  return value.median.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
