import { DatabaseError } from 'pg';
import type { ClientOptions } from '../connection/client-options.js';
import { findSchema } from './find-schema.js';
import { withClient } from '../connection/with-client.js';

/** insufficient_privilege, undefined_function and feature_not_supported: SQLSTATE, appendix A of PostgreSQL's manual. */
const notForUsers: ReadonlySet<string | undefined> = new Set(['42501', '42883', '0A000']);

/**
 * What a database is, however it is reached: the identifier of its cluster, its own in there, and the schema that the
 * tables are in. It stays through restarts and failovers, and a copy of the cluster's files has the same.
 *
 * @returns undefined when the server doesn't tell: not every service lets its users ask
 * @throws STORE_UNAVAILABLE when it cannot be reached, or has no time: under another name a process would be alone
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
