import { escapeIdentifier, type Client } from 'pg';
import type { ClientOptions } from './connection/client-options.js';
import { withClient } from './connection/with-client.js';
import { readSchema } from './schema/migrate.js';
import { migrations } from './schema/migrations/index.js';
import { requireSupportedServer } from './schema/require-supported-server.js';

/** What a database and its server are like, for the user that connects. */
export interface PostgresInspection {
  /** As the server shows it: `15.20`. */
  readonly serverVersion: string;
  /** The schema (the namespace in the database) of the tables. */
  readonly schema: string;
  /** The version of the tables. 0: there are none yet. */
  readonly schemaVersion: number;
  /** The version that this release needs. */
  readonly knownVersion: number;
  /** Whether the server is a standby, or takes no writes of this user. */
  readonly isReadOnly: boolean;
  /** What the user may not do, such as `insert into sessions`. Without tables: `create tables in …`. */
  readonly missingRights: readonly string[];
  /** Settings that the store refuses unless it is told otherwise, as `fsync = off`. */
  readonly unsafeSettings: readonly string[];
  /** How far the clock of the server is ahead of this machine's, in milliseconds. Exact to half of `roundTripMs`. */
  readonly clockAheadMs: number;
  readonly roundTripMs: number;
}

/**
 * Looks at a database. Changes nothing.
 *
 * @throws STORE_UNAVAILABLE if the server cannot be reached or the store cannot use it; VALIDATION_ERROR for the URL
 */
export function inspectPostgres(url: string, options: ClientOptions = {}): Promise<PostgresInspection> {
  const { transactionPooler = false } = options;
  return withClient(url, options, async (client) => {
    await requireSupportedServer(client, { url, transactionPooler });
    const { schema, version: schemaVersion } = await readSchema(client, url, options.schema);
    return {
      schema,
      schemaVersion,
      knownVersion: migrations.length,
      missingRights: await findMissingRights(client, schema, schemaVersion),
      ...(await readServer(client)),
      ...(await compareClocks(client)),
    };
  });
}

type Server = Pick<PostgresInspection, 'serverVersion' | 'isReadOnly' | 'unsafeSettings'>;

async function readServer(client: Client): Promise<Server> {
  const { rows } = await client.query<{ version: string; read_only: string; unsafe: string[] }>(
    `select current_setting('server_version') as version, current_setting('transaction_read_only') as read_only,
       array(select name || ' = off' from unnest(array['fsync', 'full_page_writes']) as name
         where current_setting(name) = 'off') as unsafe`,
  );
  const [{ version, read_only: readOnly, unsafe } = { version: '', read_only: '', unsafe: [] }] = rows;
  return { serverVersion: version.split(' ')[0] ?? '', isReadOnly: readOnly === 'on', unsafeSettings: unsafe };
}

async function findMissingRights(client: Client, schema: string, version: number): Promise<string[]> {
  if (version === 0) {
    const create = `select has_schema_privilege($1, 'create') as granted`;
    const { rows } = await client.query<{ granted: boolean }>(create, [schema]);
    return rows[0]?.granted === true ? [] : [`create tables in ${schema}`];
  }
  const { rows } = await client.query<{ missing: string }>(
    `select privilege || case privilege when 'insert' then ' into ' when 'update' then ' ' else ' from ' end || relname as missing
     from pg_class, unnest(array['select', 'insert', 'update', 'delete']) as privilege
     where relnamespace = to_regnamespace($1) and relkind in ('r', 'p') and relname <> 'schema_migrations'
       and not has_table_privilege(pg_class.oid, privilege)
     order by relname, privilege`,
    [escapeIdentifier(schema)],
  );
  return rows.map(({ missing }) => missing);
}

async function compareClocks(client: Client): Promise<Pick<PostgresInspection, 'clockAheadMs' | 'roundTripMs'>> {
  const sentMs = Date.now();
  const { rows } = await client.query<{ now: string }>(`select date_part('epoch', clock_timestamp()) * 1000 as now`);
  const roundTripMs = Date.now() - sentMs;
  return { clockAheadMs: Math.round(Number(rows[0]?.now) - sentMs - roundTripMs / 2), roundTripMs };
}
