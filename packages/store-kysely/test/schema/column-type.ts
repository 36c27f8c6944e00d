import type { JsonObject } from '@org/domain';
import type { InsertType, SelectType } from 'kysely';

/** What the types of the tables say of each column, as `table.column`. */
export type ColumnTexts<Tables> = {
  readonly [Name in ColumnName<Tables>]: Name extends `${infer Table extends keyof Tables & string}.${infer Column}`
    ? ColumnText<Tables[Table][Column & keyof Tables[Table]]>
    : never;
};

type ColumnName<Tables> = {
  readonly [Table in keyof Tables & string]: `${Table}.${keyof Tables[Table] & string}`;
}[keyof Tables & string];

/**
 * What the type of a column says: what a select returns, whether that may be null, and how an insert gets its value. A
 * type may demand a value although the column has a default.
 */
export type ColumnText<Column> = `${Kind<SelectType<Column>>}${Nullability<SelectType<Column>>}${Origin<Column>}`;

type Kind<Value> = KindOf<Exclude<Value, null>>;
type KindOf<Value> = [Value] extends [number]
  ? 'number'
  : [Value] extends [boolean]
    ? 'boolean'
    : [Value] extends [string]
      ? 'string'
      : [Value] extends [Date]
        ? 'Date'
        : [Value] extends [readonly string[]]
          ? 'string[]'
          : [Value] extends [JsonObject]
            ? 'json'
            : never;

type Nullability<Value> = null extends Value ? ' | null' : '';

type Origin<Column> = [InsertType<Column>] extends [never]
  ? ', generated'
  : undefined extends InsertType<Column>
    ? ', default'
    : TakesWhatItHolds<Column> extends true
      ? '' | ', default'
      : never;

/** JSON goes in as text. Everything else goes in as it comes out. */
type TakesWhatItHolds<Column> =
  Kind<SelectType<Column>> extends 'json'
    ? Kind<InsertType<Column>> extends 'string'
      ? true
      : false
    : Kind<InsertType<Column>> extends Kind<SelectType<Column>>
      ? true
      : false;
