/** One step of the schema. A released step never changes, because it has been applied to users' files. */
export interface Migration {
  /** 1, 2, 3 … without gaps. */
  readonly version: number;
  readonly name: string;
  /**
   * SQL, because Kysely's schema builder cannot express STRICT, WITHOUT ROWID and partial indexes. A released step must
   * also not change with a release of a library.
   */
  readonly script: string;
}
