import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Each column of a database, as `table.column`, in the words of `ColumnText`. */
export type Catalogue = Readonly<Record<string, string>>;

const project = join(import.meta.dirname, '../..');
const root = join(project, '../..');
const compiler = join(root, 'node_modules/typescript/bin/tsc');

/**
 * Compares the types of an engine's tables with the catalogues of databases, by one run of the compiler.
 *
 * @param engine the folder of the types
 * @returns the differences of each catalogue, as the compiler reports them
 */
export async function compareWithTypes(
  engine: 'postgres' | 'sqlite',
  catalogues: readonly Catalogue[],
): Promise<string[][]> {
  const folder = await mkdtemp(join(project, '.catalogue-'));
  try {
    const programs = catalogues.map((catalogue, index) => ({ file: `${index}.ts`, text: program(engine, catalogue) }));
    await Promise.all(programs.map(({ file, text }) => writeFile(join(folder, file), text)));
    await writeFile(join(folder, 'tsconfig.json'), configuration(programs.map(({ file }) => file)));
    const errors = await compile(folder);
    return programs.map(({ file, text }) => differencesIn(file, text, errors));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A program that compiles only if the types say what a catalogue says. */
const program = (engine: string, catalogue: Catalogue): string => `
import type { Tables } from '../src/${engine}/schema/tables.js';
import type { ColumnTexts } from '../test/schema/column-type.js';
export const catalogue: ColumnTexts<Tables> = ${JSON.stringify(catalogue, undefined, 2)};
`;

const configuration = (files: readonly string[]): string =>
  JSON.stringify({
    extends: join(root, 'tsconfig.base.json'),
    compilerOptions: { composite: false, declarationMap: false, noEmit: true },
    files,
  });

interface CompilerError {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

function compile(folder: string): Promise<CompilerError[]> {
  return new Promise((resolve, reject) => {
    const args = [compiler, '--project', '.', '--pretty', 'false'];
    execFile(process.execPath, args, { cwd: folder }, (error, stdout, stderr) => {
      const errors = [...stdout.matchAll(/^(\d+\.ts)\((\d+),\d+\): (.*)$/gm)];
      if (error !== null && errors.length === 0) reject(new Error(`${stdout}${stderr}`, { cause: error }));
      else resolve(errors.map(([, file = '', line, message = '']) => ({ file, line: Number(line), message })));
    });
  });
}

const differencesIn = (file: string, text: string, errors: readonly CompilerError[]): string[] =>
  errors
    .filter((error) => error.file === file)
    .map(({ line, message }) => `${text.split('\n')[line - 1]?.trim() ?? ''} ${message}`);
