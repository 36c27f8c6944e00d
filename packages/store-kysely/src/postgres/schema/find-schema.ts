import type { Client } from 'pg';

/** Where the tables are, or will be created. */
export interface FoundSchema {
  /** Undefined if the connection has no schema to create tables in. */
  readonly name: string | undefined;
  /** Whose table `schema_migrations` is. Other applications use this name too. */
  readonly migrationsTable: 'ours' | 'foreign' | 'missing';
}

const ourColumns = 'version integer,name text,applied_at timestamp with time zone';

/**
 * Looks for the schema of the tables: the one that is asked for, or else the first of the connection's `search_path` that
 * holds them, or else its first.
 */
export async function findSchema(client: Client, asked: string | undefined): Promise<FoundSchema> {
  const { rows } = await client.query<{ name: string; columns: string | null }>(
    `select name, (
       select string_agg(attname || ' ' || atttypid::regtype, ',' order by attnum) from pg_attribute
       where attrelid = to_regclass(format('%I.schema_migrations', name)) and attnum > 0 and not attisdropped
     ) as columns
     from unnest(case when $1::name is null then current_schemas(false) else array[$1::name] end) with ordinality as path (name, place) order by place`,
    [asked],
  );
  const found = rows.find(({ columns }) => columns === ourColumns) ?? rows[0];
  if (found === undefined || found.columns === null) return { name: found?.name, migrationsTable: 'missing' };
  return { name: found.name, migrationsTable: found.columns === ourColumns ? 'ours' : 'foreign' };
}
