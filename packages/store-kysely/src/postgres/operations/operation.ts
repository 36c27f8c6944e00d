import type { Database } from '../statements/database.js';

/** Performs one call of the port. It may run several statements; each statement is one transaction. */
export type Operation<Request, Answer> = (request: Request) => Promise<Answer>;

/** Compiles the statements of an operation, once, when the store opens. */
export type PrepareOperation<Request, Answer> = (database: Database) => Operation<Request, Answer>;
