import { markdownTable } from '@org/docs/markdown-table';
import { describeFacts } from '@org/measure/machine';
import type { Spread } from '@org/measure/statistics';
import type { RowReport, SubjectReport } from './measure-subject.js';
import type { Effort } from './row.js';

/** What `--json` writes. */
export interface Report {
  readonly startedAt: string;
  readonly durationSeconds: number;
  readonly effort: Effort;
  readonly machine: Readonly<Record<string, string>>;
  readonly subjects: readonly SubjectReport[];
}

/** Returns the report in Markdown. */
export function formatReport({ subjects, effort, machine }: Report): string {
  const { rounds, measureMs, warmupMs } = effort;
  return [
    ...subjects.map(formatSubject),
    `Medians of ${rounds} rounds, with least and most in brackets. Ratios are taken within a round. Rates are of ${measureMs / 1000} s after ${warmupMs / 1000} s of warm-up.`,
    describeFacts(machine),
  ].join('\n\n');
}

function formatSubject({ name, title, missing, disturbance, rows, settings }: SubjectReport): string {
  const paragraphs = [`## ${name}: ${title}`];
  if (missing !== undefined) paragraphs.push(`MISSING: ${missing}`);
  if (disturbance !== undefined) paragraphs.push(disturbance);
  if (rows.length > 0) paragraphs.push(ratioTable(rows), figureTable(rows), describeFacts(settings));
  return paragraphs.join('\n\n');
}

const ratioTable = (rows: readonly RowReport[]): string =>
  markdownTable(
    ['row', 'compared', 'ratio', 'range', 'bar', 'verdict'],
    rows.flatMap(({ name, sides: [ours, ...limits] }) =>
      limits.map((limit) => [
        name,
        `${ours?.name} / ${limit.name}`,
        limit.ratio?.median.toFixed(2) ?? '',
        `(${limit.ratio?.min.toFixed(2)}–${limit.ratio?.max.toFixed(2)})`,
        limit.bar === undefined ? '' : 'atLeast' in limit.bar ? `≥ ${limit.bar.atLeast}` : `≤ ${limit.bar.atMost}`,
        limit.verdict ?? '',
      ]),
    ),
  );

function figureTable(rows: readonly RowReport[]): string {
  const sides = rows.flatMap((row) => row.sides.map((side) => ({ row: row.name, ...side })));
  const figureNames = new Set(sides.flatMap(({ figures }) => Object.keys(figures)));
  // Single calls have no rate.
  const columns = [...new Set(['calls/s', ...figureNames])].filter((name) => figureNames.has(name));
  return markdownTable(
    ['row', 'side', ...columns],
    sides.map(({ row, name, figures }) => [row, name, ...columns.map((column) => formatMedian(figures[column]))]),
  );
}

/** With three significant digits, or all digits of a whole number. */
function formatMedian(value: Spread | undefined): string {
  if (value === undefined) return '';
  const digits = Math.max(0, Math.min(3, 2 - Math.floor(Math.log10(Math.abs(value.median) || 1))));
  return value.median.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
