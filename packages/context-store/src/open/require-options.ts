import {
  ContextStoreError,
  contextStoreOptionsSchema,
  isContextStoreError,
  noTelemetry,
  parseInput,
  unknownProblem,
  type ContextStoreOptions,
  type Issue,
  type Telemetry,
} from '@org/domain';
import { cacheSchema } from './open-cache.js';
import { redisSchema } from './open-carrier.js';
import type { OpenContextStoreOptions } from './open-context-store.js';
import { sqliteSchema } from './open-store.js';
import { postgresSchema } from './postgres-settings.js';
import { requireSettings } from './require-settings.js';

type OwnOption = Exclude<keyof OpenContextStoreOptions, keyof ContextStoreOptions>;

/**
 * Returns what is wrong with an option that is given. Without schemas where a look is enough, and none for what is left
 * out: each schema takes a millisecond of the start of a process.
 */
const checks: { readonly [Name in OwnOption]: (value: unknown) => readonly Issue[] } = {
  database: (value) => (typeof value === 'string' ? [] : wrong('database', 'must be a text', value)),
  migrate: (value) => (typeof value === 'boolean' ? [] : wrong('migrate', 'must be true or false', value)),
  telemetry: (value) => (isTelemetry(value) ? [] : wrong('telemetry', telemetryProblem, value)),
  sqlite: (value) => issuesOf(() => requireSettings('sqlite', sqliteSchema(), value)),
  postgres: (value) => issuesOf(() => requireSettings('postgres', postgresSchema(), value)),
  redis: (value) => issuesOf(() => requireSettings('redis', redisSchema(), value)),
  cache: (value) => issuesOf(() => requireSettings('cache', cacheSchema(), value)),
};

const isOwn = (name: string): name is OwnOption => Object.hasOwn(checks, name);
const knownOptions = [...Object.keys(contextStoreOptionsSchema.shape), ...Object.keys(checks)];

/**
 * Checks all options, before any database is opened: a database that is opened by a mistyped option may be another one
 * than the caller means.
 * @throws VALIDATION_ERROR (names every wrong option, and for an unknown one the known option that is most like it)
 */
export function requireOptions(options: OpenContextStoreOptions): void {
  const rules: Record<string, unknown> = {};
  const issues: Issue[] = [];
  if (typeof options !== 'object' || options === null) issues.push(...wrong('options', 'must be an object', options));
  else
    for (const [name, value] of Object.entries(options) as [string, unknown][]) {
      if (!knownOptions.includes(name)) issues.push({ path: name, message: unknownProblem([name], knownOptions) });
      else if (!isOwn(name)) rules[name] = value;
      else if (value !== undefined) issues.push(...checks[name](value));
    }
  issues.push(...issuesOf(() => parseInput(contextStoreOptionsSchema, rules, 'options')));
  if (issues.length === 0) return;
  const named = issues.map(({ path, message }) => `${path}: ${message}`).join('; ');
  throw new ContextStoreError('VALIDATION_ERROR', `${named}. Correct the options and call again.`, { issues });
}

function issuesOf(check: () => unknown): readonly Issue[] {
  try {
    check();
    return [];
  } catch (error) {
    if (isContextStoreError(error, 'VALIDATION_ERROR')) return error.details.issues;
    throw error;
  }
}

const wrong = (path: string, problem: string, value: unknown): Issue[] => [
  { path, message: `${problem}; received ${value === null ? 'null' : typeof value}` },
];

const telemetryMethods = Object.keys(noTelemetry) as (keyof Telemetry)[];
const telemetryProblem = `must have the methods ${telemetryMethods.join(', ')}, which noTelemetry has all`;

const isTelemetry = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  telemetryMethods.every((name) => typeof (value as Partial<Telemetry>)[name] === 'function');
