import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chartsOf, type Charts } from './charts.js';
import { formatReport } from './format-report.js';
import type { LoadReport } from './report.js';

/** A new folder: `reports/mixed-2026-01-31T12-00-00`. */
export async function reportFolder(reports: string, name: string): Promise<string> {
  const time = new Date().toISOString().slice(0, 19).replaceAll(':', '-');
  const folder = join(reports, `${name}-${time}`);
  await mkdir(folder, { recursive: true });
  return folder;
}

/** Writes `report.md`, `report.json` and a chart each. @returns the Markdown */
export async function writeReport(folder: string, report: LoadReport): Promise<string> {
  const charts = chartsOf(report);
  const markdown = formatReport(report, Object.keys(charts));
  await writeFiles(folder, { markdown, json: report, charts });
  return markdown;
}

export interface ReportFiles {
  readonly markdown: string;
  readonly json: unknown;
  readonly charts: Charts;
}

export async function writeFiles(folder: string, { markdown, json, charts }: ReportFiles): Promise<void> {
  await writeFile(join(folder, 'report.md'), markdown);
  await writeFile(join(folder, 'report.json'), `${JSON.stringify(json, null, 2)}\n`);
  for (const [file, svg] of Object.entries(charts)) await writeFile(join(folder, file), svg);
}
