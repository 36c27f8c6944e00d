/** How a server is reached before there is a pool. In a file of its own: declarations that others read know nothing of pg. */
export interface ClientOptions {
  /** How long to wait for the connection, in milliseconds. Default 5,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** Whether a pooler stands between that gives each transaction a connection of its choice. Default: no. */
  readonly transactionPooler?: boolean | undefined;
  /**
   * The schema (the namespace in the database) of the tables; it must exist. Default: the first of the `search_path` that
   * holds them, or else its first.
   */
  readonly schema?: string | undefined;
}
