import { homedir } from 'node:os';
import { databaseLocation, type DatabaseLocation } from '@org/context-store';
import {
  apiKeysEnvironmentTable,
  contextStoreOptions,
  readEnvironment,
  type Environment,
} from '@org/context-store/environment';
import { isContextStoreError } from '@org/domain';
import type { CommandContext, Env } from '../command-context.js';
import { findPlace } from '../targets/find-place.js';
import { targetEnvironmentTable } from '../targets/target-environment.js';
import { checkApiKeys } from './check-api-keys.js';
import { checkNode } from './check-node.js';
import { checkPostgres } from './check-postgres.js';
import { checkRedis } from './check-redis.js';
import { checkServer } from './check-server.js';
import { checkSqlite } from './check-sqlite.js';
import { checkClients } from './clients/check-clients.js';
import { readMounts } from './check-file-system.js';
import { findingsOf, type Finding } from './finding.js';

export interface RunChecksOptions extends Pick<CommandContext, 'env' | 'onTarget'> {
  /** Whether to look for damage in a SQLite file, which reads all of it. */
  readonly deep: boolean;
}

const table = { ...targetEnvironmentTable, ...apiKeysEnvironmentTable } as const;

/** Checks all that a context store depends on, by the environment. Changes nothing. Never throws for what it finds. */
export async function runChecks({ env, onTarget, deep }: RunChecksOptions): Promise<Finding[]> {
  const settings = readSettings(env);
  const found = [checkNode()];
  if (Array.isArray(settings)) return [...found, ...settings, ...checkThisMachine(env, undefined)];
  const place = findPlace(env, {});
  const { DATABASE_URL, REDIS_URL, API_KEYS_FILE } = settings;
  const location = databaseLocation(DATABASE_URL);
  // With a server, the default file is not meant.
  if (place.kind === 'database' || DATABASE_URL !== undefined)
    found.push(...(await checkDatabase(location, settings, deep)));
  if (REDIS_URL !== undefined) found.push(...(await checkRedis(REDIS_URL, settings.CACHE_REDIS)));
  if (place.kind === 'server') found.push(...(await checkServer(place, onTarget)));
  if (API_KEYS_FILE !== undefined) found.push(...checkApiKeys(API_KEYS_FILE));
  return [...found, ...checkThisMachine(env, place.kind === 'server' ? place.url : location)];
}

type Settings = Environment<typeof table>;

function checkDatabase(location: DatabaseLocation, settings: Settings, deep: boolean): Promise<Finding[]> {
  if (location.engine === 'sqlite') return checkSqlite(location, { deep, mounts: readMounts() });
  return checkPostgres(location, contextStoreOptions(settings).postgres ?? {});
}

const checkThisMachine = (env: Env, meant: DatabaseLocation | URL | undefined): Finding[] =>
  checkClients({ home: env['HOME'] || homedir(), folder: process.cwd(), env, meant });

/** Returns the settings, or a finding for each that is wrong. */
function readSettings(env: Env): Settings | Finding[] {
  try {
    const settings = readEnvironment(table, env);
    databaseLocation(settings.DATABASE_URL);
    return settings;
  } catch (error) {
    if (!isContextStoreError(error, 'VALIDATION_ERROR')) throw error;
    return error.message.split('\n').map((line) => findingsOf('settings').problem(line));
  }
}
