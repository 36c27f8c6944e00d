import type { Database } from '../statements/database.js';

/** What one call of the port does to the database. It may run more than one statement; each is atomic by itself. */
export type Operation<Request, Answer> = (request: Request) => Promise<Answer>;

/** Compiles an operation's statements. Once, when the store opens. */
export type PrepareOperation<Request, Answer> = (database: Database) => Operation<Request, Answer>;
