import type { Database } from '../statements/database.js';

/**
 * Performs one call of the port. It may run several statements; each statement is one transaction.
 *
 * Reads are built with Kysely. Statements that change data stay SQL, because the order of their steps is their meaning:
 * see `docs/decisions/postgres-statements.md`.
 */
export type Operation<Request, Answer> = (request: Request) => Promise<Answer>;

/** Prepares the statements of an operation once, when the store opens. Each is compiled when it first runs. */
export type PrepareOperation<Request, Answer> = (database: Database) => Operation<Request, Answer>;
