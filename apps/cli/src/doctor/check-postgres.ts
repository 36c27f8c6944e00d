import { describeLocation, type PostgresLocation, type PostgresSettings } from '@org/context-store';
import { inspectPostgresStore, type PostgresInspection } from '@org/context-store/inspect';
import { checkClock } from './check-clock.js';
import { checkSchema } from './check-schema.js';
import { describeError } from './describe-error.js';
import { findingsOf, type Finding } from './finding.js';

/** Checks a PostgreSQL database. */
export async function checkPostgres(location: PostgresLocation, settings: PostgresSettings): Promise<Finding[]> {
  const { ok, problem } = findingsOf('database');
  try {
    const found = await inspectPostgresStore(location, settings);
    return [
      ok(`${describeLocation(location)}, version ${found.serverVersion}, tables in ${found.schema}`),
      checkSchema(found),
      checkRights(found),
      checkDurability(found),
      checkClock('database', found.clockAheadMs, found.roundTripMs / 2),
    ];
  } catch (error) {
    return [problem(describeError(error))];
  }
}

function checkRights({ isReadOnly, missingRights }: PostgresInspection): Finding {
  const { ok, problem } = findingsOf('rights');
  if (isReadOnly)
    return problem(
      'the database takes no writes: it is a standby, or read-only for this user',
      'Connect to the primary server, or set default_transaction_read_only = off for this user.',
    );
  if (missingRights.length === 0) return ok('the tables can be read and written');
  const [first = '', ...others] = missingRights;
  const more = others.length === 0 ? '' : `, and ${others.length} more`;
  return problem(`this user may not ${first}${more}`, 'Grant it, or connect as the owner of the tables.');
}

function checkDurability({ unsafeSettings }: PostgresInspection): Finding {
  const { ok, warning } = findingsOf('durability');
  if (unsafeSettings.length === 0) return ok('acknowledged writes survive a crash');
  return warning(
    `${unsafeSettings.join(', ')}: a crash of the server's machine loses acknowledged writes`,
    'Switch it on, unless this is a server for tests.',
  );
}
