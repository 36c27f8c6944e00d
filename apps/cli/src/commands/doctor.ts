import { Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import { addExample, addJsonOption, type OutputOptions } from '../command-options.js';
import type { Finding, FindingState } from '../doctor/finding.js';
import { CommandError } from '../failure.js';
import type { Screen, Style } from '../output/screen.js';
import { oneLine } from '../output/visible.js';

type Options = OutputOptions & { readonly deep?: boolean };

/** `context-store doctor`: checks what a context store depends on. Changes nothing. */
export const doctorCommand = ({ env, output, onTarget }: CommandContext): Command => {
  const command = new Command('doctor')
    .description('check the database, the servers, the keys and the clients of this machine; it changes nothing')
    .option('--deep', 'also look for damage in a SQLite file, which reads all of it')
    .action(async ({ deep = false, ...options }: Options) => {
      // Node.js 22 warns that its SQLite, which doctor reads with, is experimental.
      process.removeAllListeners('warning');
      const { runChecks } = await import('../doctor/run-checks.js');
      const findings = await runChecks({ env, onTarget, deep });
      const problems = countOf(findings, 'problem');
      await output.answer(options, { ok: problems === 0, findings }, (screen) =>
        findings.map((finding) => renderFinding(screen, finding)).join('\n'),
      );
      if (problems === 0) return;
      throw new CommandError('failed', `doctor found ${counted(problems, 'problem')}.`);
    });
  return addExample(addJsonOption(command), 'context-store doctor --deep');
};

const countOf = (findings: readonly Finding[], state: FindingState): number =>
  findings.filter((finding) => finding.state === state).length;

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

function renderFinding(screen: Screen, { state, check, message, advice }: Finding): string {
  const said = advice === undefined ? message : `${message}. ${advice}`;
  return `${screen.style(styles[state], state.padEnd(7))}  ${oneLine(check).padEnd(11)}  ${oneLine(said)}`;
}

const styles: Readonly<Record<FindingState, Style>> = { ok: 'green', warning: 'yellow', problem: 'red' };
