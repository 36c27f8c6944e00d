/** One step of the schema. Frozen once it was released: a file somewhere has it applied as it is. */
export interface Migration {
  /** 1, 2, 3 … without gaps. */
  readonly version: number;
  readonly name: string;
  /**
   * Plain SQL: what matters here (STRICT, WITHOUT ROWID, partial indexes) has no words in Kysely's schema builder, and a
   * frozen step must not change with a release of a library.
   */
  readonly script: string;
}
