import { readFileSync } from 'node:fs';
import { inspect, parseArgs } from 'node:util';
import type { ContextStoreError } from '@org/domain';
import { readEnvironment, type Environment, type EnvironmentTable } from './environment.js';

/** A program that is configured by its environment alone. */
export interface Command<Table extends EnvironmentTable> {
  readonly name: string;
  /** What it is for, in a line or two. */
  readonly summary: string;
  readonly version: string;
  readonly environment: Table;
  /** Starts it. Resolves when it runs, or when it is done. */
  readonly start: (environment: Environment<Table>) => Promise<void>;
}

/** Runs a program from its command line. Every start-up problem is a line on stderr and a non-zero exit, never a stack. */
export async function runCommand<Table extends EnvironmentTable>(
  command: Command<Table>,
  args = process.argv.slice(2),
): Promise<void> {
  const options = parseOptions(command.name, args);
  if (options === undefined) return process.exit(2);
  if (options.help) return void process.stdout.write(helpText(command));
  if (options.version) return void process.stdout.write(`${command.version}\n`);
  try {
    await command.start(readEnvironment(command.environment));
  } catch (error) {
    for (const line of messageOf(error).split('\n')) logLine(command.name, line);
    process.exit(1);
  }
}

function parseOptions(name: string, args: string[]): { help?: boolean; version?: boolean } | undefined {
  try {
    const options = { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'v' } } as const;
    return parseArgs({ args, options }).values;
  } catch (error) {
    const [problem = ''] = messageOf(error).split('. ');
    logLine(name, `${problem}. See ${name} --help.`);
    return undefined;
  }
}

/** Usage and every environment variable, from the table that the program itself reads. */
export function helpText({ name, summary, environment }: Omit<Command<EnvironmentTable>, 'start' | 'version'>): string {
  const variables = Object.entries(environment).flatMap(([variable, { description, default: preset }]) => [
    `  ${variable}`,
    `      ${description} Default: ${preset}.`,
  ]);
  return `${summary}\n\nUsage: ${name} [--help] [--version]\n\nEnvironment:\n${variables.join('\n')}\n`;
}

/** The version in the package.json one folder above a module. */
export function packageVersion(moduleUrl: string): string {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', moduleUrl), 'utf8')) as { version: string };
  return manifest.version;
}

/** Writes one line to stderr: the log, for programs whose stdout belongs to something else. */
export function logLine(name: string, message: string): void {
  process.stderr.write(`${name}: ${message.replaceAll(/\s*\n\s*/g, ' | ')}\n`);
}

/** The log line of an error of which a client learnt only the code and the request id. */
export function errorLine(error: ContextStoreError, requestId: string): string {
  return `${error.code} ${requestId} ${inspect(error.cause ?? error)}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
