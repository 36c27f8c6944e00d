/** How to reach a server before there is a pool. This file does not import pg, so that published types do not need it. */
export interface ClientOptions {
  /** How long to wait for the connection, in milliseconds. Default: 5,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** Whether the connection goes through a pooler that pools by transaction. Default: no. */
  readonly transactionPooler?: boolean | undefined;
  /**
   * The schema (the namespace in the database) of the tables; it must exist. Default: the first of the `search_path` that
   * holds them, or else its first.
   */
  readonly schema?: string | undefined;
}
