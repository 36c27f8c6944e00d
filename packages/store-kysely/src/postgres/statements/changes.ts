import { sql, type Expression, type Insertable, type RawBuilder, type Updateable } from 'kysely';
import type { Tables } from '../schema/tables.js';

/** A value for each column. Those that have no default and are not null must be there. */
type Inserted<Table> = { readonly [Column in keyof Insertable<Table>]: Expression<unknown> };
type Updated<Table> = { readonly [Column in keyof Updateable<Table>]: Expression<unknown> };

/**
 * Begins an insert of a statement in SQL, as far as its select list. The compiler knows the columns of the table.
 *
 * @example sql`${insertInto('read_marks', { session_id: sql`id`, agent: p.agent, sequence: p.sequence })} from session`
 */
export function insertInto<Table extends keyof Tables>(
  table: Table,
  values: Inserted<Tables[Table]>,
): RawBuilder<unknown> {
  const columns = Object.keys(values).map((column) => sql.id(column));
  return sql`insert into ${sql.table(table)} (${sql.join(columns)}) select ${sql.join(Object.values(values))}`;
}

/**
 * Begins an update of a statement in SQL, as far as its assignments. The compiler knows the columns of the table.
 *
 * @example sql`${update('handoffs', { status: sql.lit('expired') })} from lapsed where handoffs.id = lapsed.id`
 */
export function update<Table extends keyof Tables>(table: Table, values: Updated<Tables[Table]>): RawBuilder<unknown> {
  const assignments = Object.entries<Expression<unknown>>(values).map(
    ([column, value]) => sql`${sql.id(column)} = ${value}`,
  );
  return sql`update ${sql.table(table)} set ${sql.join(assignments)}`;
}
