import { describeLocation, type DatabaseLocation } from './database-location.js';
import { requirePostgresSettings, type PostgresSettings } from './postgres-settings.js';

/**
 * Returns the default name of a deployment on Redis: the identifier of the database, which is the same however a
 * process reaches it, or else the address of the database.
 * @throws STORE_UNAVAILABLE, VALIDATION_ERROR (the settings)
 */
export async function nameDeployment(location: DatabaseLocation, postgres: PostgresSettings = {}): Promise<string> {
  if (location.engine === 'sqlite') return describeLocation(location);
  requirePostgresSettings(postgres);
  const { identifyDatabase } = await import('@org/store-kysely/postgres');
  return (await identifyDatabase(location.url, postgres)) ?? describeLocation(location);
}
