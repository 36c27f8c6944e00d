import { startPostgresServer } from '@org/store-kysely/testing';
import { findPostgresBinaries } from './postgres-binaries.js';
import { findRunningPostgres } from './running-postgres.js';

/**
 * Gives a test run its PostgreSQL: a running server, or else one from npm, which it starts for the run. It sets
 * DATABASE_TEST_URL, which test files connect to, and POSTGRES_BIN, from which tests start servers that they break.
 *
 * A global setup: vitest calls it before the first test, and calls the function that it returns after the last one.
 */
export async function setup(): Promise<(() => Promise<void>) | undefined> {
  const binaries = findPostgresBinaries();
  if (binaries !== undefined) process.env['POSTGRES_BIN'] ??= binaries;
  const running = await findRunningPostgres();
  if (running !== undefined) {
    announce(running.url, running.version, 'which was running');
    process.env['DATABASE_TEST_URL'] = running.url;
    return undefined;
  }
  // The tests that need PostgreSQL are left out of this run.
  if (binaries === undefined && !process.env['CI']) return undefined;
  // Several test files run at once, each with one or more pools.
  const server = await startPostgresServer({ settings: { max_connections: 200 } });
  process.env['DATABASE_TEST_URL'] = server.url;
  const started = await findRunningPostgres();
  announce(server.url, started?.version ?? '', 'started for this run');
  return server.remove;
}

function announce(url: string, version: string, origin: string): void {
  console.log(`PostgreSQL ${version} at ${new URL(url).host}, ${origin}`);
}
