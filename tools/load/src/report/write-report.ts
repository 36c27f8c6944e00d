import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Creates a folder such as `reports/mixed-2026-01-31T12-00-00`. */
export async function createReportFolder(reports: string, name: string): Promise<string> {
  const time = new Date().toISOString().slice(0, 19).replaceAll(':', '-');
  const folder = join(reports, `${name}-${time}`);
  await mkdir(folder, { recursive: true });
  return folder;
}

/** Prints a report, and writes `report.md` and `report.json`. */
export async function writeReport(folder: string, markdown: string, json: unknown): Promise<void> {
  await writeFile(join(folder, 'report.md'), markdown);
  await writeFile(join(folder, 'report.json'), `${JSON.stringify(json, null, 2)}\n`);
  console.log(`${markdown}\nReport: ${folder}\n`);
}
