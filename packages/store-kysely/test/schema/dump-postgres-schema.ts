import type { TemporaryDatabase } from '@org/store-kysely/testing';

/**
 * Returns the tables in the catalogue of a database, as SQL for people to read. All versions of PostgreSQL return the
 * same for the same schema.
 */
export async function dumpPostgresSchema({ query }: TemporaryDatabase): Promise<string> {
  const tables = await query(tablesOf);
  const dumps = await Promise.all(
    tables.map(async ({ oid, name, comment, options }) => {
      const columns = await query(columnsOf, [oid]);
      const constraints = await query(constraintsOf, [oid]);
      const indexes = await query(indexesOf, [oid]);
      const inside = [...columns, ...constraints].map(
        (line) => commented(line['comment'], '  ') + definition(line, '  '),
      );
      return [
        `${commented(comment)}create table ${String(name)} (`,
        inside.join(',\n'),
        `)${String(options)};`,
        ...indexes.map((index) => `${commented(index['comment'])}${definition(index)};`),
      ].join('\n');
    }),
  );
  return `${heading}\n${dumps.join('\n\n')}\n`;
}

const heading = `-- The schema on PostgreSQL after all migrations, as the database itself tells it: to be read, not to be run.
-- \`vitest run -u postgres-schema\` regenerates it.
`;

const tablesOf = `
  select oid::integer, relname as name, obj_description(oid, 'pg_class') as comment,
    coalesce(' with (' || array_to_string(reloptions, ', ') || ')', '') as options
  from pg_class where relnamespace = current_schema()::regnamespace and relkind = 'r' order by oid`;

const columnsOf = `
  select concat_ws(' ',
      attname, format_type(atttypid, atttypmod),
      (select 'collate ' || quote_ident(collname) from pg_collation where oid = attcollation and attcollation <> typcollation),
      case attidentity when 'a' then 'generated always as identity' end,
      'default ' || pg_get_expr(adbin, adrelid),
      case when attnotnull then 'not null' end
    ) as definition, col_description(attrelid, attnum) as comment
  from pg_attribute join pg_type on pg_type.oid = atttypid
  left join pg_attrdef on adrelid = attrelid and adnum = attnum
  where attrelid = $1 and attnum > 0 and not attisdropped order by attnum`;

/** Newer versions of PostgreSQL list \`not null\` constraints here too. */
const constraintsOf = `
  select concat_ws(' ', 'constraint', conname, pg_get_constraintdef(oid)) as definition,
    obj_description(oid, 'pg_constraint') as comment
  from pg_constraint where conrelid = $1 and contype <> 'n' order by contype = 'f', conname`;

const indexesOf = `
  select replace(pg_get_indexdef(indexrelid), ' ON ' || current_schema() || '.', ' ON ') as definition,
    obj_description(indexrelid, 'pg_class') as comment
  from pg_index where indrelid = $1 and not exists (select from pg_constraint where conindid = indexrelid)
  order by indexrelid`;

/** The server writes key words in capitals. */
const definition = (line: Record<string, unknown>, indent = ''): string =>
  indent + String(line['definition']).replaceAll(/\b[A-Z]{2,}\b/g, (word) => word.toLowerCase());

/** A comment, in lines that fit a page. */
function commented(comment: unknown, indent = ''): string {
  if (typeof comment !== 'string') return '';
  const lines = comment.match(/.{1,110}(?: |$)/g) ?? [];
  return lines.map((line) => `${indent}-- ${line.trimEnd()}\n`).join('');
}
