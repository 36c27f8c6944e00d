import type { Connection } from '../connection/connection.js';

/**
 * What one call of the port does to the database, inside a transaction. A read writes nothing. A mutation stores the lapse
 * of the lease that it comes across; other than that, it throws its refusals before it writes.
 *
 * @param nowMs the store's clock, read when the transaction began: after any wait for the lock
 */
export type Operation<Request, Answer> = (request: Request, nowMs: number) => Answer;

/** Prepares an operation's statements. Once, when the store opens. */
export type PrepareOperation<Request, Answer> = (connection: Connection) => Operation<Request, Answer>;
