import { startPostgresServer } from '@org/store-kysely/testing';
import { findPostgresBinaries } from './postgres-binaries.js';
import { findRunningPostgres } from './running-postgres.js';

/**
 * Gives a test run its PostgreSQL: the one that is there, or else one that npm brought along, which is started for the
 * run. DATABASE_TEST_URL then names it to every test file. POSTGRES_BIN tells where tests that break servers get theirs.
 *
 * A global setup: vitest calls it once, before any test, and what it gives back after the last one.
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
  // The files of tests that could not be left without one were left out.
  if (binaries === undefined && !process.env['CI']) return undefined;
  // Many test files at once, each with a pool or more of its own.
  const server = await startPostgresServer({ settings: { max_connections: 200 } });
  process.env['DATABASE_TEST_URL'] = server.url;
  const started = await findRunningPostgres();
  announce(server.url, started?.version ?? '', 'started for this run');
  return server.remove;
}

function announce(url: string, version: string, origin: string): void {
  console.log(`PostgreSQL ${version} at ${new URL(url).host}, ${origin}`);
}
