import { InvalidArgumentError, Option, type Command } from 'commander';

/** The options of commands that work on a target: see `addTargetOptions`. */
export interface TargetOptions {
  readonly database?: string | undefined;
  readonly namespace?: string | undefined;
  readonly agent?: string | undefined;
  readonly server?: string | undefined;
}

/** The options of commands that print an answer: see `addOutputOptions`. */
export interface OutputOptions {
  readonly json?: true;
  readonly absolute?: true;
}

/** The heading of the options that say what a command works on. */
export const targetGroup = 'Where:';
/** The heading of the options of what is printed. */
export const outputGroup = 'Output:';

const grouped = (group: string, option: Option): Option => option.helpGroup(group);

/** Adds `--database`, for commands that need the database itself. */
export const addDatabaseOption = (command: Command): Command =>
  command.addOption(
    grouped(
      targetGroup,
      new Option('--database <url>', 'instead of DATABASE_URL, where a password is not seen by others'),
    ),
  );

/** Adds `--database` and `--namespace`, for commands that need the data of one namespace in a database. */
const addDatabaseOptions = (command: Command): Command =>
  addDatabaseOption(command).addOption(
    grouped(targetGroup, new Option('--namespace <name>', 'instead of CONTEXT_NAMESPACE')),
  );

const serverOption = (): Option =>
  grouped(
    targetGroup,
    new Option('--server <url>', 'instead of CONTEXT_SERVER: an MCP server, with the key in CONTEXT_API_KEY').conflicts(
      'database',
    ),
  );

/** Adds `--server`. */
const addServerOption = (command: Command): Command => command.addOption(serverOption());

/** Adds the options of commands that no server offers. They know `--server`, to say so. */
export const addOperatorOptions = (command: Command): Command =>
  addDatabaseOptions(command).addOption(serverOption().hideHelp());

/** Adds `--agent`: the agent that the calls of the command act as. */
const addAgentOption = (command: Command): Command =>
  command.addOption(
    grouped(targetGroup, new Option('--agent <name>', 'instead of CONTEXT_AGENT: the agent to act as')),
  );

/** Adds the options that say what a command works on, and as which agent. */
export const addTargetOptions = (command: Command): Command =>
  addAgentOption(addServerOption(addDatabaseOptions(command)));

/** Adds `--json`. */
export const addJsonOption = (command: Command): Command =>
  command.addOption(grouped(outputGroup, new Option('--json', 'print one JSON document')));

/** Adds `--json` and `--absolute`, for commands whose output has times. */
export const addOutputOptions = (command: Command): Command =>
  addJsonOption(command).addOption(
    grouped(outputGroup, new Option('--absolute', 'print times in full, as when the output is no terminal')),
  );

/** Adds an example to the help of a command. */
export const addExample = (command: Command, ...lines: readonly string[]): Command =>
  command.addHelpText('after', ['', 'Example:', ...lines.map((line) => `  $ ${line}`)].join('\n'));

/** Returns a parser of an option whose value is a whole number within bounds. */
export const wholeNumber =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d{1,15}$/.test(text) || value < min || value > max)
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
    return value;
  };
