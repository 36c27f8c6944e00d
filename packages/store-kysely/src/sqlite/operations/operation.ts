import type { Connection } from '../connection/connection.js';

/**
 * Performs one call of the port, inside a transaction. A read writes nothing. A mutation may store the lapse of a lease;
 * apart from that, it throws its refusals before it writes.
 *
 * @param nowMs the store's clock, read when the transaction began: after any wait for the lock
 */
export type Operation<Request, Answer> = (request: Request, nowMs: number) => Answer;

/** Prepares the statements of an operation once, when the store opens. Each is compiled when it first runs. */
export type PrepareOperation<Request, Answer> = (connection: Connection) => Operation<Request, Answer>;
