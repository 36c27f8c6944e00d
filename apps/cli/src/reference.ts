import { PassThrough, Readable } from 'node:stream';
import type { Command, Option } from 'commander';
import { targetGroup, outputGroup } from './command-options.js';
import { createProgram, pathOf } from './create-program.js';
import { createOutput } from './output/output.js';
import { createTargetOpener } from './targets/open-target.js';

export { exitCodes } from './exit-codes.js';
export { serverEnvironmentTable } from './targets/target-environment.js';

/** An option, for the documentation. */
export interface OptionReference {
  readonly flags: string;
  readonly description: string;
  /** As text. Undefined: it has none. */
  readonly default: string | undefined;
}

/** A command, for the documentation. */
export interface CommandReference {
  readonly name: string;
  readonly usage: string;
  readonly description: string;
  readonly parameters: readonly { readonly name: string; readonly description: string }[];
  /** The options of this command alone. */
  readonly options: readonly OptionReference[];
  /** The names of its common options. */
  readonly commonOptions: readonly string[];
}

/** Returns all commands, and the options that several of them share. */
export function commandLineReference(): {
  readonly commands: readonly CommandReference[];
  readonly commonOptions: readonly OptionReference[];
} {
  const commands = leavesOf(createUnusedProgram());
  const common = commands.flatMap(({ options }) => options.filter(isCommon));
  const unique = [...new Map(common.map((option) => [option.flags, option])).values()];
  return { commands: commands.map(referenceOf), commonOptions: unique.map(optionOf) };
}

/** Returns the commands that can be run: those of `keys`, and not `keys`. */
const leavesOf = ({ commands }: Command): Command[] =>
  commands.flatMap((command) => (command.commands.length === 0 ? [command] : leavesOf(command)));

const isCommon = ({ helpGroupHeading, hidden }: Option): boolean =>
  !hidden && (helpGroupHeading === targetGroup || helpGroupHeading === outputGroup);

const referenceOf = (command: Command): CommandReference => ({
  name: pathOf(command).replace(/^context-store /, ''),
  usage: [pathOf(command), command.usage()].join(' '),
  description: command.description(),
  parameters: command.registeredArguments.map((argument) => ({
    name: argument.name(),
    description: withChoices(argument.description, argument.argChoices),
  })),
  options: command.options.filter((option) => !option.hidden && !isCommon(option)).map(optionOf),
  commonOptions: command.options.filter(isCommon).map(({ long, flags }) => long ?? flags),
});

const optionOf = ({ flags, description, argChoices, defaultValue, mandatory }: Option): OptionReference => {
  const preset: unknown = defaultValue;
  // A list that may grow begins empty.
  const hasPreset = typeof preset === 'string' || typeof preset === 'number';
  return {
    flags,
    description: withChoices(description, argChoices),
    default: mandatory ? 'required' : hasPreset ? String(preset) : undefined,
  };
};

const withChoices = (description: string, choices: readonly string[] | undefined): string =>
  choices === undefined ? description : `${description}: ${choices.join(', ')}`;

/** Creates the program for its tree of commands. None is run. */
function createUnusedProgram(): Command {
  const [stdout, errors] = [new PassThrough(), new PassThrough()];
  const context = {
    env: {},
    input: Readable.from([]),
    output: createOutput(stdout),
    errors,
    signal: new AbortController().signal,
    endsByStop: () => {},
    ...createTargetOpener({ env: {}, errors, version: '' }),
  };
  return createProgram(context, '');
}
