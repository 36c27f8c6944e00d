import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { databaseLocation, describeLocation, type DatabaseLocation } from '@org/context-store';
import { describeError } from '../describe-error.js';
import { findingsOf, type Finding } from '../finding.js';
import { isContextStore, type ClientEntry } from './client-entry.js';
import { clientConfigurations, type ClientConfiguration } from './client-configurations.js';

export interface ClientCheckOptions {
  readonly home: string;
  /** The working folder. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What this command works on: the location of its database, or the URL of its server. */
  readonly meant: DatabaseLocation | URL | undefined;
}

/** Checks the configurations of the coding clients on this machine. Clients without one are left out. */
export function checkClients(options: ClientCheckOptions): Finding[] {
  const { home, folder, env } = options;
  return clientConfigurations(home, folder, env)
    .filter(({ path }) => existsSync(path))
    .flatMap((configuration) => checkConfiguration(configuration, options));
}

function checkConfiguration({ client, path, read }: ClientConfiguration, options: ClientCheckOptions): Finding[] {
  const { ok, problem } = findingsOf(client);
  let entries: ClientEntry[];
  try {
    entries = read(readFileSync(path, 'utf8'));
  } catch (error) {
    // The messages of parsers quote the file, which may hold keys.
    const { code } = error as NodeJS.ErrnoException;
    return [problem(`${path} cannot be read (${code ?? 'its form is wrong'})`, 'Correct it: the client needs it too.')];
  }
  const ours = entries.filter(isContextStore);
  if (ours.length === 0) return [ok(`${path} names no context-store`)];
  return ours.flatMap((entry) => checkEntry(client, entry, path, options));
}

function checkEntry(client: string, entry: ClientEntry, path: string, options: ClientCheckOptions): Finding[] {
  const { ok, problem } = findingsOf(client);
  const actsAs = entry.agent === undefined ? 'under the name of the client' : `as ${entry.agent}`;
  const place = `${entry.name} in ${path}`;
  if (entry.command === undefined) {
    if (entry.url === undefined || !URL.canParse(entry.url))
      return [problem(`${place} has neither a command nor a URL`, 'Correct the entry.')];
    return [
      ok(`${place} reaches ${hostOf(entry.url)} ${actsAs}`),
      ...checkUrl(client, entry.url, place, options.meant),
    ];
  }
  const [program = ''] = entry.command;
  if (!isProgram(program, { ...options.env, ...entry.env }))
    return [problem(`${place} starts ${program}, which does not exist`, 'Install it, or correct the command.')];
  return [ok(`${place} starts ${program} ${actsAs}`), ...checkDatabase(client, entry, place, options.meant)];
}

/** An address may hold a key in its query. */
const hostOf = (url: string): string => `${new URL(url).origin}${new URL(url).pathname}`;

function checkUrl(client: string, url: string, place: string, meant: ClientCheckOptions['meant']): Finding[] {
  if (!(meant instanceof URL) || meant.origin === new URL(url).origin) return [];
  const { warning } = findingsOf(client);
  return [warning(`${place} means another server than CONTEXT_SERVER (${meant.origin})`, 'Give both the same URL.')];
}

function checkDatabase(
  client: string,
  { env, command = [] }: ClientEntry,
  place: string,
  meant: ClientCheckOptions['meant'],
): Finding[] {
  const { warning, problem } = findingsOf(client);
  if (meant === undefined || meant instanceof URL || command.length === 0) return [];
  try {
    const location = locationOf(env);
    if (describeLocation(location) === describeLocation(meant)) return [];
    return [
      warning(
        `${place} uses ${describeLocation(location)}, and this command ${describeLocation(meant)}`,
        'Give both the same DATABASE_URL, or they do not see each other.',
      ),
    ];
  } catch (error) {
    return [problem(`${place}: ${describeError(error)}`, 'Correct DATABASE_URL in the entry.')];
  }
}

/** The default depends on XDG_DATA_HOME, which an entry may set as well. */
function locationOf({ DATABASE_URL: url, XDG_DATA_HOME: data }: ClientEntry['env']): DatabaseLocation {
  if (url === undefined && data !== undefined)
    return databaseLocation(`sqlite:${join(data, 'context-store', 'context.db')}`);
  return databaseLocation(url);
}

/** Looks for a program as clients do: at its path, or in the folders of PATH. */
function isProgram(program: string, { PATH = '' }: Readonly<Record<string, string | undefined>>): boolean {
  if (program.includes('/') || isAbsolute(program)) return isExecutable(program);
  const endings = process.platform === 'win32' ? ['.exe', '.cmd', '.bat'] : [''];
  return PATH.split(delimiter).some((folder) => endings.some((ending) => isExecutable(join(folder, program + ending))));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
