import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import type { Writable } from 'node:stream';
import { parseArgs } from 'node:util';
import { ContextStoreError, withoutOutcome } from '@org/domain';
import type { ConnectionState } from '@org/redis-connection';
import type { SqliteFileState } from '@org/store-kysely/sqlite';
import { readEnvironment, type Environment, type EnvironmentTable } from '../environment/environment.js';
import { nameVariables } from '../environment/name-variables.js';
import { requireSupportedNode } from '../node-version.js';
import type { OpenContextStoreOptions } from '../open/open-context-store.js';

export { logPrinted } from './log-printed.js';

/** An option of a command, which takes a text: `--agent NAME`. */
interface CommandOption {
  /** What stands for the text in `--help`. */
  readonly placeholder: string;
  /** Default: it may be left out. */
  readonly isRequired?: true;
}

/** The texts of the options that were given. */
type OptionValues = Readonly<Record<string, string | undefined>>;

/** One command of a program. A stop signal ends it at once. */
interface NamedAction<Table extends EnvironmentTable> {
  /** The purpose of the command, for `--help`. One or two lines. */
  readonly summary: string;
  /** The names of its arguments, for `--help`. All are required. Default: none. */
  readonly parameters?: readonly string[];
  /** Its options, by their names without the dashes. Default: none. */
  readonly options?: Readonly<Record<string, CommandOption>>;
  readonly start: (environment: Environment<Table>, args: readonly string[], options: OptionValues) => Promise<void>;
}

interface Identity<Table extends EnvironmentTable> {
  readonly name: string;
  readonly version: string;
  readonly environment: Table;
}

type Commands<Table extends EnvironmentTable> = Readonly<Record<string, NamedAction<Table>>>;

/** A program that serves if it is started without a command, and may have other commands. */
export interface Command<Table extends EnvironmentTable> extends Identity<Table> {
  readonly summary: string;
  /** Runs the program. It must handle stop signals itself, and resolve once it has ended. */
  readonly start: (environment: Environment<Table>) => Promise<void>;
  readonly commands?: Commands<Table>;
}

/** A program that always needs a command, which its first argument names. */
export interface CommandGroup<Table extends EnvironmentTable> extends Identity<Table> {
  readonly summary: string;
  readonly commands: Commands<Table>;
  readonly start?: undefined;
}

export interface RunOptions {
  /** Resolves with the first stop signal: see `untilStopped`. */
  readonly stopped: Promise<NodeJS.Signals>;
  /** The stream for help and version. Default: standard output. */
  readonly output?: Writable | undefined;
}

/**
 * Runs a program from its command line. Prints errors to stderr, one line for each problem, without a stack. Then exits
 * with 2 for a wrong command line, 128 plus the signal's number after a stop, or else 1.
 */
export async function runCommand<Table extends EnvironmentTable>(
  command: Command<Table> | CommandGroup<Table>,
  { stopped, output = process.stdout }: RunOptions,
): Promise<void> {
  try {
    requireSupportedNode();
    const { start: main, commands = {} } = command;
    const { help, version, options, positionals } = parse(process.argv.slice(2), commands, 'commands' in command);
    if (help) return void output.write(helpText(command));
    if (version) return void output.write(`${command.version}\n`);
    if (main !== undefined && positionals.length === 0) {
      refuseOptions(options);
      return await main(readEnvironment(command.environment));
    }
    const { start } = findCommand(commands, positionals, options);
    const started = start(readEnvironment(command.environment), positionals.slice(1), options);
    await Promise.race([started, giveUpWhen(stopped)]);
  } catch (error) {
    const isUsage = error instanceof UsageError;
    const message = isUsage ? `${error.message} See ${command.name} --help.` : messageOf(error);
    for (const line of message.split('\n')) process.stderr.write(`${command.name}: ${line}\n`);
    process.exit(exitCodeOf(error));
  }
}

/** The command line is wrong. */
class UsageError extends Error {}

/** A signal stopped a command before it was done. */
class StoppedError extends Error {
  readonly signal: NodeJS.Signals;

  constructor(signal: NodeJS.Signals) {
    super(`${signal} came before it was done. Nothing is half done: run the same command again.`);
    this.signal = signal;
  }
}

/** Throws on a stop signal. Commands need no clean-up, because they change a database as a whole or not at all. */
async function giveUpWhen(stopped: Promise<NodeJS.Signals>): Promise<never> {
  throw new StoppedError(await stopped);
}

/** Returns 128 plus the number of the signal after a stop, as shells report it. */
function exitCodeOf(error: unknown): number {
  if (error instanceof StoppedError) return 128 + constants.signals[error.signal];
  return error instanceof UsageError ? 2 : 1;
}

interface CommandLine {
  readonly help: boolean;
  readonly version: boolean;
  /** The options of commands that were given. */
  readonly options: OptionValues;
  readonly positionals: readonly string[];
}

/** Any command's options may come before its name, so those of all commands are known here. */
function parse(
  args: string[],
  commands: Readonly<Record<string, Pick<NamedAction<EnvironmentTable>, 'options'>>>,
  allowPositionals: boolean,
): CommandLine {
  const names = Object.values(commands).flatMap(({ options = {} }) => Object.keys(options));
  const texts = Object.fromEntries(names.map((name) => [name, { type: 'string' } as const]));
  const flags = { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'v' } } as const;
  try {
    const { values, positionals } = parseArgs({ args, options: { ...texts, ...flags }, allowPositionals });
    const { help = false, version = false, ...options } = values;
    return { help, version, options, positionals };
  } catch (error) {
    const [problem = ''] = messageOf(error).split('. ');
    throw new UsageError(`${problem.split('\n')[0]}.`, { cause: error });
  }
}

function refuseOptions(given: OptionValues, known: Readonly<Record<string, CommandOption>> = {}): void {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(known, name));
  if (unknown !== undefined) throw new UsageError(`Unknown option '--${unknown}'.`);
}

function findCommand<Found extends Pick<NamedAction<EnvironmentTable>, 'parameters' | 'options'>>(
  commands: Readonly<Record<string, Found>>,
  [name, ...args]: readonly string[],
  given: OptionValues,
): Found {
  if (name === undefined) throw new UsageError('Name a command.');
  const found = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (found === undefined) throw new UsageError(`Unknown command '${name}'.`);
  const { parameters = [], options = {} } = found;
  const missing = parameters[args.length];
  const surplus = args[parameters.length];
  if (missing !== undefined) throw new UsageError(`${name} needs ${missing}.`);
  if (surplus !== undefined) throw new UsageError(`Unexpected argument '${surplus}'.`);
  refuseOptions(given, options);
  const needed = Object.entries(options).find(([option, { isRequired }]) => isRequired && given[option] === undefined);
  if (needed !== undefined) throw new UsageError(`${name} needs ${usageOf(...needed)}.`);
  return found;
}

const usageOf = (name: string, { placeholder }: CommandOption): string => `--${name} ${placeholder}`;

/** Returns the text of `--help`: usage, commands, and all variables of the program's environment table. */
function helpText<Table extends EnvironmentTable>(program: Command<Table> | CommandGroup<Table>): string {
  const { summary, name, environment, start } = program;
  const variables = Object.entries<EnvironmentTable[string]>(environment).flatMap(
    ([variable, { description, default: preset, isSecret }]) => [
      `  ${variable}`,
      `      ${description}${preset === '' ? '' : ` Default: ${preset}.`}`,
      ...(isSecret === true ? [`      ${variable}_FILE may name a file that holds it.`] : []),
    ],
  );
  const commands = Object.entries(program.commands ?? {}).flatMap(
    ([command, { parameters = [], options = {}, summary: purpose }]) => [
      `  ${[command, ...parameters, ...Object.entries(options).map(helpOfOption)].join(' ')}`,
      `      ${purpose}`,
    ],
  );
  const usage = start === undefined ? ' COMMAND' : ' [COMMAND]';
  return [
    summary,
    '',
    `Usage: ${name}${commands.length > 0 ? usage : ''} [--help] [--version]`,
    ...(commands.length > 0 ? ['', 'Commands:', ...commands] : []),
    '',
    'Environment:',
    ...variables,
    '',
  ].join('\n');
}

const helpOfOption = ([name, option]: [string, CommandOption]): string =>
  option.isRequired ? usageOf(name, option) : `[${usageOf(name, option)}]`;

/** Returns the version in the package.json one folder above a module. */
export function packageVersion(moduleUrl: string): string {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', moduleUrl), 'utf8')) as { version: string };
  return manifest.version;
}

interface OperatorLog {
  readonly info: (message: string) => void;
  readonly warn: (message: string) => void;
}

/** Adds log lines to the options, for when the files of a SQLite database are removed or replaced, and opened again. */
export function logDatabase(options: OpenContextStoreOptions, log: OperatorLog): OpenContextStoreOptions {
  const onStateChange = (state: SqliteFileState): void =>
    state.isOpen
      ? log.warn('The database was opened again: calls are answered from the file that lies at its path now')
      : log.warn(`${state.reason} Calls fail until a file at its path is open`);
  return { ...options, sqlite: { ...options.sqlite, onStateChange } };
}

/** Adds log lines to the options, for each time that the connection to Redis is made or lost. */
export function logRedis(options: OpenContextStoreOptions, log: OperatorLog): OpenContextStoreOptions {
  if (options.redis === undefined) return options;
  const onStateChange = (state: ConnectionState): void =>
    state.isConnected
      ? log.info('Redis carries events between the processes')
      : log.warn(`Redis is out of reach (${state.reason}): what other processes change is seen a little later`);
  const onCacheStateChange = (state: ConnectionState): void =>
    state.isConnected
      ? log.info('The cache is shared through Redis')
      : log.warn(`The cache does without Redis (${state.reason})`);
  return {
    ...options,
    redis: { ...options.redis, onStateChange },
    cache: options.cache && { ...options.cache, onStateChange: onCacheStateChange },
  };
}

function messageOf(error: unknown): string {
  if (error instanceof ContextStoreError) return nameVariables(withoutOutcome(error));
  return error instanceof Error ? error.message : String(error);
}
