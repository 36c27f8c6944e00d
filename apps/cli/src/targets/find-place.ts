import { databaseLocation, type DatabaseLocation } from '@org/context-store';
import { readEnvironment } from '@org/context-store/environment';
import type { Env } from '../command-context.js';
import type { TargetOptions } from '../command-options.js';
import { CommandError } from '../failure.js';
import { targetEnvironmentTable, type TargetEnvironment } from './target-environment.js';

/** What a command works on, before it is opened. */
export type Place = DatabasePlace | ServerPlace;

export interface DatabasePlace {
  readonly kind: 'database';
  readonly location: DatabaseLocation;
  /** The settings, with the options of the command in place of their variables. */
  readonly environment: TargetEnvironment;
}

export interface ServerPlace {
  readonly kind: 'server';
  readonly url: URL;
  readonly apiKey: string | undefined;
  /** The agent that calls name. Undefined if the server decides it. */
  readonly agent: string | undefined;
}

/**
 * Finds what a command works on. An option overrides its variable. CONTEXT_SERVER overrides DATABASE_URL.
 * @throws VALIDATION_ERROR (names every wrong setting), CommandError
 */
export function findPlace(env: Env, { database, server, namespace, agent }: TargetOptions): Place {
  // An option replaces the variable together with its file.
  const given = {
    ...env,
    ...(database !== undefined && { DATABASE_URL: database, DATABASE_URL_FILE: undefined, CONTEXT_SERVER: undefined }),
    ...(server !== undefined && { CONTEXT_SERVER: server }),
    ...(namespace !== undefined && { CONTEXT_NAMESPACE: namespace }),
    ...(agent !== undefined && { CONTEXT_AGENT: agent }),
  };
  const environment = readSettings(given, { database, server, namespace, agent });
  const { CONTEXT_SERVER, CONTEXT_API_KEY: apiKey, CONTEXT_AGENT } = environment;
  if (CONTEXT_SERVER === undefined)
    return { kind: 'database', location: databaseLocation(environment.DATABASE_URL), environment };
  if (namespace !== undefined)
    throw new CommandError('usage', 'The key of a server decides its namespace: leave out --namespace.');
  return { kind: 'server', url: endpointOf(CONTEXT_SERVER), apiKey, agent: CONTEXT_AGENT };
}

/**
 * Finds the database of a command that no server offers.
 * @throws CommandError (a server is named), VALIDATION_ERROR
 */
export function findDatabase(env: Env, options: TargetOptions, command: string): DatabasePlace {
  const place = findPlace(env, options);
  if (place.kind === 'database') return place;
  throw new CommandError(
    'usage',
    `No server offers ${command}. Run it on the database: set DATABASE_URL, or pass --database, without CONTEXT_SERVER.`,
  );
}

/** The variables that options override. */
const variables = {
  database: 'DATABASE_URL',
  server: 'CONTEXT_SERVER',
  namespace: 'CONTEXT_NAMESPACE',
  agent: 'CONTEXT_AGENT',
} as const satisfies Record<keyof TargetOptions, string>;

/** @throws CommandError (names the options and variables that are wrong, one line each) */
function readSettings(env: Env, given: TargetOptions): TargetEnvironment {
  try {
    return readEnvironment(targetEnvironmentTable, env);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const options = (Object.keys(variables) as (keyof TargetOptions)[]).filter((name) => given[name] !== undefined);
    const message = options.reduce(
      (text, name) => text.replace(`${variables[name]} is not valid`, `--${name} is not valid`),
      error.message,
    );
    throw new CommandError('usage', message, { cause: error });
  }
}

function endpointOf(server: string): URL {
  const url = new URL(server);
  if (url.pathname === '/') url.pathname = '/mcp';
  return url;
}
