import { packageVersion } from '@org/context-store/command';
import { createTargetOpener } from './targets/open-target.js';
import { createOutput } from './output/output.js';
import { runProgram } from './run-program.js';

/** The program `context-store`, apart from `context-store mcp`. Ends the process. */
export async function runContextStore(stopped: Promise<NodeJS.Signals>): Promise<void> {
  const { argv, env, stdin: input, stdout, stderr } = process;
  // A reader that has read enough, such as `head`, closes the pipe. That is no failure.
  const endQuietly = ({ code }: NodeJS.ErrnoException): void => process.exit(code === 'EPIPE' ? 0 : 1);
  stdout.on('error', endQuietly);
  stderr.on('error', endQuietly);
  const version = packageVersion(import.meta.url);
  const exitCode = await runProgram(argv.slice(2), {
    version,
    env,
    input,
    output: createOutput(stdout),
    errors: stderr,
    ...createTargetOpener({ env, errors: stderr, version }),
    stopped,
  });
  // Some systems write to pipes later: an exit before that would cut the output.
  await new Promise((resolve) => stdout.write('', resolve));
  process.exit(exitCode);
}
