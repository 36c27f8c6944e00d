import { hostShare, othersShare } from './cpu-time.js';
import type { ComparisonReport, Report, RowReport, VariantReport } from './report.js';
import type { Bar } from './row.js';
import type { Spread } from './statistics.js';

/** A report as a person reads it. */
export function formatReport(report: Report): string {
  const { effort } = report;
  return [
    ...report.rows.flatMap(formatRow),
    `Medians of ${effort.rounds} rounds, least and most in brackets; ratios are taken within a round. Rates are of ${effort.measureMs / 1000} s after ${effort.warmupMs / 1000} s of warm-up.`,
    describe(report.machine),
    describe(report.versions),
  ].join('\n');
}

function formatRow(row: RowReport): string[] {
  return [
    `${row.name}: ${row.title}`,
    ...row.missing.map((what) => `  MISSING: ${what}`),
    ...formatDisturbance(row.variants),
    '',
    ...formatTable(variantTable(row.variants)),
    ...formatTable(comparisonTable(row.comparisons)),
    ...(row.profile === undefined
      ? []
      : [
          `  Busy time of the product’s process, callees not counted (${row.profile.file})`,
          ...row.profile.hottest.map(({ where, selfPercent }) => `  ${selfPercent.toFixed(1).padStart(5)} %  ${where}`),
          '',
        ]),
    ...(Object.keys(row.settings).length === 0 ? [] : [`  ${describe(row.settings)}`, '']),
  ];
}

/** From so much on, the figures tell of others more than of what was measured. */
const tolerablePercent = 15;

function formatDisturbance(variants: readonly VariantReport[]): string[] {
  const of = (name: string, { facts }: VariantReport): number => facts[name]?.median ?? 0;
  const all = (variant: VariantReport): number => of(othersShare, variant) + of(hostShare, variant);
  const [most] = variants.toSorted((a, b) => all(b) - all(a));
  if (most === undefined || all(most) <= tolerablePercent) return [];
  const [others, host] = [othersShare, hostShare].map((name) => Math.round(of(name, most)));
  return [
    `  DISTURBED: others used up to ${others} % of the CPU, and the host of the machine took ${host} %. Run it again on a quiet machine.`,
  ];
}

const describe = (facts: Readonly<Record<string, string>>): string =>
  Object.entries(facts)
    .map(([name, value]) => `${name} ${value}`)
    .join(' · ');

type Table = readonly (readonly string[])[];

/** A column that is empty for all of them is left out. */
function variantTable(variants: readonly VariantReport[]): Table {
  const facts = [...new Set(variants.flatMap((variant) => Object.keys(variant.facts)))];
  const columns: [string, (variant: VariantReport) => Spread | undefined][] = [
    ['calls/s', (variant) => variant.callsPerSecond],
    ['p50 ms', (variant) => variant.p50Ms],
    ['p95 ms', (variant) => variant.p95Ms],
    ...facts.map((fact): [string, (variant: VariantReport) => Spread | undefined] => [
      fact,
      (variant) => variant.facts[fact],
    ]),
  ];
  const used = columns.filter(([, pick]) => variants.some((variant) => pick(variant) !== undefined));
  return [
    ['variant', ...used.map(([title]) => title)],
    ...variants.map((variant) => [variant.name, ...used.map(([, pick]) => formatMedian(pick(variant)))]),
  ];
}

function comparisonTable(comparisons: readonly ComparisonReport[]): Table {
  return [
    ['comparison', 'median', '(min–max)', 'bar', 'verdict'],
    ...comparisons.map(({ name, value, bar, verdict }) => [
      name,
      value === undefined ? 'not measured' : value.median.toFixed(2),
      value === undefined ? '' : `(${value.min.toFixed(2)}–${value.max.toFixed(2)})`,
      bar === undefined ? '' : formatBar(bar),
      verdict ?? '',
    ]),
  ];
}

const formatBar = (bar: Bar): string => ('atLeast' in bar ? `≥ ${bar.atLeast}` : `≤ ${bar.atMost}`);

const formatMedian = (value: Spread | undefined): string => (value === undefined ? '' : formatNumber(value.median));

/** Three digits that mean something. */
function formatNumber(value: number): string {
  const digits = Math.max(0, Math.min(3, 2 - Math.floor(Math.log10(Math.abs(value) || 1))));
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Names to the left, figures to the right; an empty line ends it. */
function formatTable(table: Table): string[] {
  const [header = [], ...lines] = table;
  if (lines.length === 0) return [];
  const widths = header.map((_, column) => Math.max(...table.map((cells) => cells[column]?.length ?? 0)));
  const formatted = table.map((cells) =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('   ')
      .trimEnd(),
  );
  return [...formatted.map((line) => `  ${line}`), ''];
}
