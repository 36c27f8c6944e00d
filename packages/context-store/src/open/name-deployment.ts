import { describeLocation, type DatabaseLocation } from './database-location.js';
import { requirePostgresSettings, type PostgresSettings } from './postgres-settings.js';

/**
 * What the processes on one database name their share of a Redis by unless they are told another name: what the database
 * says that it is, or else its address. @throws STORE_UNAVAILABLE, VALIDATION_ERROR (the settings)
 */
export async function nameDeployment(location: DatabaseLocation, postgres: PostgresSettings = {}): Promise<string> {
  if (location.engine === 'sqlite') return describeLocation(location);
  requirePostgresSettings(postgres);
  const { identifyDatabase } = await import('@org/store-kysely/postgres');
  return (await identifyDatabase(location.url, postgres)) ?? describeLocation(location);
}
