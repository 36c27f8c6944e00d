import type { Command } from 'commander';

/** A word that a shell may complete. */
export interface CompletedWord {
  readonly word: string;
  readonly description: string;
}

export interface CompletedOption extends CompletedWord {
  /** Whether a value follows. */
  readonly takesValue: boolean;
  /** The values that it may have. Empty: any. */
  readonly values: readonly string[];
}

export interface CompletedCommand extends CompletedWord {
  readonly options: readonly CompletedOption[];
  /** The values that its first argument may have, or the names of the commands below it. Empty: any. */
  readonly values: readonly string[];
}

/** Returns what shells complete, from the program's own commands. */
export const describeCommands = (program: Command): readonly CompletedCommand[] =>
  program.commands.map((command) => ({
    word: command.name(),
    description: command.description(),
    values: command.registeredArguments[0]?.argChoices ?? command.commands.map((inner) => inner.name()),
    options: command
      .createHelp()
      .visibleOptions(command)
      .map((option) => ({
        word: option.long ?? option.flags,
        description: option.description,
        takesValue: option.required || option.optional,
        values: option.argChoices ?? [],
      })),
  }));
