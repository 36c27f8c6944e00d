import {
  sql,
  type AliasedExpression,
  type AliasedRawBuilder,
  type Expression,
  type RawBuilder,
  type SelectType,
} from 'kysely';

/** The types that arguments are cast to. The server cannot infer the type of an argument everywhere. */
type CastType = 'bigint' | 'boolean' | 'integer' | 'text' | 'bigint[]' | 'integer[]' | 'text[]';

/** Casts an argument to a type of PostgreSQL. */
export const cast = <Value>(value: Expression<Value>, type: CastType): RawBuilder<Value> =>
  sql`${value}::${sql.raw(type)}`;

/** References the columns of a row, under the name that a statement gives to the row. */
export const columnsOf =
  <Table>(row: string) =>
  <Column extends keyof Table & string>(column: Column): RawBuilder<SelectType<Table[Column]>> =>
    sql.ref(`${row}.${column}`);

/** Makes a table of arrays of one length: a column of each, and a row of each place. */
export function unnest<Name extends string, Columns extends Readonly<Record<string, Expression<readonly unknown[]>>>>(
  name: Name,
  columns: Columns,
): AliasedRawBuilder<Unnested<Columns>, Name> {
  const names = Object.keys(columns).map((column) => sql.id(column));
  return sql<Unnested<Columns>>`unnest(${sql.join(Object.values(columns))})`.as<Name>(
    sql`${sql.id(name)}(${sql.join(names)})`,
  );
}

type Unnested<Columns> = {
  readonly [Column in keyof Columns]: Columns[Column] extends Expression<readonly (infer Item)[]> ? Item : never;
};

/** Lists what a builder would select, for a statement in SQL. */
export const selectionList = (columns: readonly (string | AliasedExpression<unknown, string>)[]): RawBuilder<unknown> =>
  sql.join(columns.map((column) => (typeof column === 'string' ? sql.ref(column) : column)));

/** Makes an array of the rows of a query, which has one column. Kysely puts the query in parentheses. */
export const arrayOf = <Row>(query: Expression<Row>): RawBuilder<readonly Row[keyof Row][]> => sql`array${query}`;

/** Whether a value is the one that a filter asks for. A filter that is null asks for none, and all match. */
export const matches = (filter: Expression<string | null>, value: Expression<string | null>): RawBuilder<boolean> =>
  sql`(${cast(filter, 'text')} is null or ${value} = ${cast(filter, 'text')})`;
