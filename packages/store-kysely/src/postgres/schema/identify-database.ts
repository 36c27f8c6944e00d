import { DatabaseError } from 'pg';
import type { ClientOptions } from '../connection/client-options.js';
import { findSchema } from './find-schema.js';
import { withClient } from '../connection/with-client.js';

/** insufficient_privilege, undefined_function and feature_not_supported: SQLSTATE, appendix A of PostgreSQL's manual. */
const notForUsers: ReadonlySet<string | undefined> = new Set(['42501', '42883', '0A000']);

/**
 * Returns an identifier of a database that does not depend on how it is reached. It consists of the identifiers of the
 * cluster and of the database, and of the schema of the tables. Restarts and failovers do not change it. A copy of the
 * cluster's files has the same.
 *
 * @returns undefined if the service does not let its users read the identifiers
 * @throws STORE_UNAVAILABLE if the server cannot be reached or does not answer in time
 */
export function identifyDatabase(url: string, options: ClientOptions = {}): Promise<string | undefined> {
  return withClient(url, options, async (client) => {
    try {
      const { name: schema } = await findSchema(client, options.schema);
      const { rows } = await client.query<{ identity: string | null }>(
        `select concat_ws('/', system_identifier, oid, $1::text) as identity
         from pg_control_system(), pg_database where datname = current_database()`,
        [schema],
      );
      return rows[0]?.identity ?? undefined;
    } catch (error) {
      if (error instanceof DatabaseError && notForUsers.has(error.code)) return undefined;
      throw error;
    }
  });
}
