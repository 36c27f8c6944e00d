import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const project = fileURLToPath(new URL('..', import.meta.url));
const compiler = fileURLToPath(new URL('../../../node_modules/typescript/bin/tsc', import.meta.url));
const typeCheck = '--noEmit --strict --module nodenext --target es2024 --types node --ignoreConfig'.split(' ');

/** Type-checks and runs the code of an example, as a user of the packages would. @returns what it printed */
export async function runExample(code: string): Promise<string> {
  const folder = await mkdtemp(join(project, '.example-'));
  try {
    const file = join(folder, 'example.ts');
    await writeFile(file, code);
    // The compiler prints what is wrong to standard output, which the message of the error leaves out.
    await run(process.execPath, [compiler, ...typeCheck, file], { cwd: project }).catch((error: { stdout: string }) => {
      throw new Error(error.stdout, { cause: error });
    });
    return (await run(process.execPath, [file])).stdout;
  } finally {
    await rm(folder, { recursive: true });
  }
}
