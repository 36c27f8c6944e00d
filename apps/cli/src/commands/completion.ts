import { Argument, Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import { addExample } from '../command-options.js';
import { completionScripts, shells, type Shell } from '../completion/completion-scripts.js';
import { describeCommands } from '../completion/describe-commands.js';

/** `context-store completion`: prints a script that completes the command line in a shell. */
export const completionCommand = ({ output }: CommandContext): Command => {
  const command = new Command('completion')
    .description('print the script that completes commands and options in a shell')
    .addArgument(new Argument('<shell>', 'your shell').choices(shells))
    .action((shell: Shell) => {
      const program = command.parent ?? command;
      return output.write(completionScripts[shell](program.name(), describeCommands(program)));
    });
  return addExample(command, 'source <(context-store completion bash)', 'context-store completion fish | source');
};
