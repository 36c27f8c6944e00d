import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import type { Writable } from 'node:stream';
import { parseArgs } from 'node:util';
import { ContextStoreError, withoutOutcome } from '@org/domain';
import type { ConnectionState } from '@org/redis-connection';
import type { SqliteFileState } from '@org/store-kysely/sqlite';
import { readEnvironment, type Environment, type EnvironmentTable } from '../environment/environment.js';
import { requireSupportedNode } from '../node-version.js';
import type { OpenContextStoreOptions } from '../open/open-context-store.js';

export { logPrinted } from './log-printed.js';

/** One command of a program. A signal to stop ends it at once. */
interface NamedAction<Table extends EnvironmentTable> {
  /** What it is for, in a line or two. */
  readonly summary: string;
  /** What comes after its name, for people. All of it must be given. */
  readonly parameters?: readonly string[];
  /** Resolves when it is done. */
  readonly start: (environment: Environment<Table>, args: readonly string[]) => Promise<void>;
}

interface Identity<Table extends EnvironmentTable> {
  readonly name: string;
  readonly version: string;
  readonly environment: Table;
}

type Commands<Table extends EnvironmentTable> = Readonly<Record<string, NamedAction<Table>>>;

/** A program that is configured by its environment alone. What it does besides has commands, if it does. */
export interface Command<Table extends EnvironmentTable> extends Identity<Table> {
  readonly summary: string;
  /** Runs it until it is over. It sees to it by itself that it ends when it is told to stop. */
  readonly start: (environment: Environment<Table>) => Promise<void>;
  readonly commands?: Commands<Table>;
}

/** A program of several commands, of which its first argument names one. */
export interface CommandGroup<Table extends EnvironmentTable> extends Identity<Table> {
  readonly summary: string;
  readonly commands: Commands<Table>;
  readonly start?: undefined;
}

export interface RunOptions {
  /** Resolves when the process is told to stop; see `untilStopped`. */
  readonly stopped: Promise<NodeJS.Signals>;
  /** Where help and version go. Default: standard output. */
  readonly output?: Writable | undefined;
}

/** Runs a program from its command line. Every start-up problem is a line on stderr and a non-zero exit, never a stack. */
export async function runCommand<Table extends EnvironmentTable>(
  command: Command<Table> | CommandGroup<Table>,
  { stopped, output = process.stdout }: RunOptions,
): Promise<void> {
  try {
    requireSupportedNode();
    const { start: main, commands = {} } = command;
    const { values: options, positionals } = parse(process.argv.slice(2), 'commands' in command);
    if (options.help) return void output.write(helpText(command));
    if (options.version) return void output.write(`${command.version}\n`);
    if (main !== undefined && positionals.length === 0) return await main(readEnvironment(command.environment));
    const { start } = findCommand(commands, positionals);
    await Promise.race([start(readEnvironment(command.environment), positionals.slice(1)), giveUpWhen(stopped)]);
  } catch (error) {
    const isUsage = error instanceof UsageError;
    const message = isUsage ? `${error.message} See ${command.name} --help.` : messageOf(error);
    for (const line of message.split('\n')) process.stderr.write(`${command.name}: ${line}\n`);
    process.exit(exitCodeOf(error));
  }
}

/** The command line is not one of this program. */
class UsageError extends Error {}

/** A command was told to stop before it was done. */
class StoppedError extends Error {
  readonly signal: NodeJS.Signals;

  constructor(signal: NodeJS.Signals) {
    super(`${signal} came before it was done. Nothing is half done: run the same command again.`);
    this.signal = signal;
  }
}

/** A database is changed as a whole or not at all, so that there is nothing to wait for. */
async function giveUpWhen(stopped: Promise<NodeJS.Signals>): Promise<never> {
  throw new StoppedError(await stopped);
}

/** What a shell reports of a process that a signal ended is 128 and the number of the signal. */
function exitCodeOf(error: unknown): number {
  if (error instanceof StoppedError) return 128 + constants.signals[error.signal];
  return error instanceof UsageError ? 2 : 1;
}

function parse(
  args: string[],
  allowPositionals: boolean,
): { values: { help?: boolean; version?: boolean }; positionals: string[] } {
  try {
    const options = { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'v' } } as const;
    return parseArgs({ args, options, allowPositionals });
  } catch (error) {
    const [problem = ''] = messageOf(error).split('. ');
    throw new UsageError(`${problem}.`, { cause: error });
  }
}

function findCommand<Found extends { readonly parameters?: readonly string[] }>(
  commands: Readonly<Record<string, Found>>,
  [name, ...args]: string[],
): Found {
  if (name === undefined) throw new UsageError('Name a command.');
  const found = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (found === undefined) throw new UsageError(`Unknown command '${name}'.`);
  const { parameters = [] } = found;
  const missing = parameters[args.length];
  const surplus = args[parameters.length];
  if (missing !== undefined) throw new UsageError(`${name} needs ${missing}.`);
  if (surplus !== undefined) throw new UsageError(`Unexpected argument '${surplus}'.`);
  return found;
}

/** Usage, the commands, and every environment variable from the table that the program itself reads. */
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
    ([command, { parameters = [], summary: purpose }]) => [
      `  ${[command, ...parameters].join(' ')}`,
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

/** The version in the package.json one folder above a module. */
export function packageVersion(moduleUrl: string): string {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', moduleUrl), 'utf8')) as { version: string };
  return manifest.version;
}

/** Takes one line for the operator. */
interface OperatorLog {
  readonly info: (message: string) => void;
  readonly warn: (message: string) => void;
}

/** The options, and a log line whenever the files of a SQLite database are no longer those that were opened, or are again. */
export function logDatabase(options: OpenContextStoreOptions, log: OperatorLog): OpenContextStoreOptions {
  const onStateChange = (state: SqliteFileState): void =>
    state.isOpen
      ? log.warn('The database was opened again: calls are answered from the file that lies at its path now')
      : log.warn(`${state.reason} Calls fail until a file at its path is open`);
  return { ...options, sqlite: { ...options.sqlite, onStateChange } };
}

/** The options, and a log line whenever Redis begins or ceases to be of use. */
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
  if (error instanceof ContextStoreError) return withoutOutcome(error);
  return error instanceof Error ? error.message : String(error);
}
