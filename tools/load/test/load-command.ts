import { execFile, type ChildProcess } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command, and calls `onShown` with each text that it writes to stderr. */
export function load(
  args: readonly string[],
  onShown: (text: string, child: ChildProcess) => void = () => undefined,
): Promise<Finished> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [program, ...args], (_error, stdout, stderr) => {
      resolve({ code: child.exitCode, stdout, stderr });
    });
    child.stderr?.on('data', (text) => onShown(String(text), child));
  });
}

export interface WrittenReport<Json> {
  readonly json: Json;
  readonly markdown: string;
  readonly files: readonly string[];
}

/** The only report in a folder. */
export async function readReport<Json>(reports: string): Promise<WrittenReport<Json>> {
  const [name, ...others] = await readdir(reports);
  if (name === undefined || others.length > 0) throw new Error(`one report expected in ${reports}`);
  const folder = join(reports, name);
  return {
    json: JSON.parse(await readFile(join(folder, 'report.json'), 'utf8')) as Json,
    markdown: await readFile(join(folder, 'report.md'), 'utf8'),
    files: (await readdir(folder)).toSorted(),
  };
}
