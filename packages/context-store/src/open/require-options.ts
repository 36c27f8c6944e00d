import { contextStoreOptionsSchema, noTelemetry, parseInput, type Telemetry } from '@org/domain';
import { z } from 'zod';
import { cacheSchema } from './open-cache.js';
import { redisSchema } from './open-carrier.js';
import type { OpenContextStoreOptions } from './open-context-store.js';
import { sqliteSchema } from './open-store.js';
import { postgresSchema } from './postgres-settings.js';

/**
 * Checks all options, before any database is opened: a database that is opened by a mistyped option may be another one
 * than the caller means.
 * @throws VALIDATION_ERROR (names every wrong option, and for an unknown one the known option that is most like it)
 */
export function requireOptions(options: OpenContextStoreOptions): void {
  parseInput(optionsSchema(), options, 'options');
}

const telemetryMethods = Object.keys(noTelemetry) as (keyof Telemetry)[];

const isTelemetry = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  telemetryMethods.every((name) => typeof (value as Partial<Telemetry>)[name] === 'function');

const optionsSchema = () =>
  z.strictObject({
    ...contextStoreOptionsSchema.shape,
    database: z.string().optional(),
    migrate: z.boolean().optional(),
    sqlite: sqliteSchema().optional(),
    postgres: postgresSchema().optional(),
    redis: redisSchema().optional(),
    cache: cacheSchema().optional(),
    telemetry: z
      .custom<Telemetry>(isTelemetry, `must have the methods ${telemetryMethods.join(', ')}; noTelemetry has them all`)
      .optional(),
  } satisfies Record<keyof OpenContextStoreOptions, z.ZodType>);
