import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { RedisBusState } from '@org/bus-redis';
import type { RedisCacheState } from '@org/cache-keyv/redis';
import type { SqliteFileState } from '@org/store-kysely/sqlite';
import { readEnvironment, type Environment, type EnvironmentTable } from './environment.js';
import type { OpenContextStoreOptions } from './open-context-store.js';

export { logPrinted } from './log-printed.js';

/** What a program does, or one of its commands. */
interface Action<Table extends EnvironmentTable> {
  /** What it is for, in a line or two. */
  readonly summary: string;
  /** Starts it. Resolves when it runs, or when it is done. */
  readonly start: (environment: Environment<Table>, args: readonly string[]) => Promise<void>;
}

/** One command of a program that has several. */
interface NamedAction<Table extends EnvironmentTable> extends Action<Table> {
  /** What comes after its name, for people. All of it must be given. */
  readonly parameters?: readonly string[];
}

interface Identity<Table extends EnvironmentTable> {
  readonly name: string;
  readonly version: string;
  readonly environment: Table;
}

type Commands<Table extends EnvironmentTable> = Readonly<Record<string, NamedAction<Table>>>;

/** A program that is configured by its environment alone. What it does besides has commands, if it does. */
export interface Command<Table extends EnvironmentTable> extends Identity<Table>, Action<Table> {
  readonly commands?: Commands<Table>;
}

/** A program of several commands, of which its first argument names one. */
export interface CommandGroup<Table extends EnvironmentTable> extends Identity<Table> {
  readonly summary: string;
  readonly commands: Commands<Table>;
  readonly start?: undefined;
}

/** Runs a program from its command line. Every start-up problem is a line on stderr and a non-zero exit, never a stack. */
export async function runCommand<Table extends EnvironmentTable>(
  command: Command<Table> | CommandGroup<Table>,
  args = process.argv.slice(2),
): Promise<void> {
  try {
    const { start: main, commands = {} } = command;
    const { values: options, positionals } = parse(args, 'commands' in command);
    if (options.help) return void process.stdout.write(helpText(command));
    if (options.version) return void process.stdout.write(`${command.version}\n`);
    const start = main !== undefined && positionals.length === 0 ? main : findCommand(commands, positionals).start;
    await start(readEnvironment(command.environment), positionals.slice(1));
  } catch (error) {
    const isUsage = error instanceof UsageError;
    const message = isUsage ? `${error.message} See ${command.name} --help.` : messageOf(error);
    for (const line of message.split('\n')) process.stderr.write(`${command.name}: ${line}\n`);
    process.exit(isUsage ? 2 : 1);
  }
}

/** The command line is not one of this program. */
class UsageError extends Error {}

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
    ([variable, { description, default: preset }]) => [
      `  ${variable}`,
      `      ${description}${preset === '' ? '' : ` Default: ${preset}.`}`,
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
  const onStateChange = (state: RedisBusState): void =>
    state.isConnected
      ? log.info('Redis carries events between the processes')
      : log.warn(`Redis is out of reach (${state.reason}): what other processes change is seen a little later`);
  const onCacheStateChange = (state: RedisCacheState): void =>
    state.isUsed
      ? log.info('The cache is shared through Redis')
      : log.warn(`The cache does without Redis (${state.reason})`);
  return {
    ...options,
    redis: { ...options.redis, onStateChange },
    cache: options.cache && { ...options.cache, onStateChange: onCacheStateChange },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
