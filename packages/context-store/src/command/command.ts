import { readFileSync } from 'node:fs';
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

/** A program that serves until it is told to stop. */
export interface Command<Table extends EnvironmentTable> {
  readonly name: string;
  readonly version: string;
  /** What it is for, for `--help`. */
  readonly summary: string;
  readonly environment: Table;
  /** Runs the program. It must handle stop signals itself, and resolve once it has ended. */
  readonly start: (environment: Environment<Table>) => Promise<void>;
}

/**
 * Runs a program from its command line. Prints errors to stderr, one line for each problem, without a stack. Then exits
 * with 2 for a wrong command line, or else 1.
 *
 * @param output the stream for help and version
 */
export async function runCommand<Table extends EnvironmentTable>(
  command: Command<Table>,
  output: Writable = process.stdout,
): Promise<void> {
  try {
    requireSupportedNode();
    const { help, version } = parse(process.argv.slice(2));
    if (help) return void output.write(helpText(command));
    if (version) return void output.write(`${command.version}\n`);
    await command.start(readEnvironment(command.environment));
  } catch (error) {
    const isUsage = error instanceof UsageError;
    const message = isUsage ? `${error.message} See ${command.name} --help.` : messageOf(error);
    for (const line of message.split('\n')) process.stderr.write(`${command.name}: ${line}\n`);
    process.exit(isUsage ? 2 : 1);
  }
}

/** The command line is wrong. */
class UsageError extends Error {}

function parse(args: string[]): { readonly help: boolean; readonly version: boolean } {
  const flags = { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'v' } } as const;
  try {
    const { help = false, version = false } = parseArgs({ args, options: flags }).values;
    return { help, version };
  } catch (error) {
    const [problem = ''] = messageOf(error).split('. ');
    throw new UsageError(`${problem.split('\n')[0]}.`, { cause: error });
  }
}

/** Returns the text of `--help`: usage, and all variables of the program's environment table. */
function helpText<Table extends EnvironmentTable>({ summary, name, environment }: Command<Table>): string {
  const variables = Object.entries<EnvironmentTable[string]>(environment).flatMap(
    ([variable, { description, default: preset, isSecret }]) => [
      `  ${variable}`,
      `      ${description}${preset === '' ? '' : ` Default: ${preset}.`}`,
      ...(isSecret === true ? [`      ${variable}_FILE may name a file that holds it.`] : []),
    ],
  );
  return [summary, '', `Usage: ${name} [--help] [--version]`, '', 'Environment:', ...variables, ''].join('\n');
}

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
