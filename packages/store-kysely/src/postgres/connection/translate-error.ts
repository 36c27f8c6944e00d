import { ContextStoreError, storeUnavailable, type StoreUnavailableOptions } from '@org/domain';
import { nameServer } from './database-url.js';

const noWrites =
  'takes no writes: it is read-only, or a standby. Connect to the primary server, or wait for a failover to end.';
const isRestarting = 'is starting up or shutting down.';
const switchPoolerOn = 'Set the option postgres.transactionPooler to true.';

/** What is wrong with the server, and what to do, by SQLSTATE. Nothing was written in any of these cases. */
const unavailable: Readonly<Record<string, string>> = {
  '28P01': 'refuses the password. Check the user and password in the database URL.',
  '28000': 'refuses this user. Check the user in the database URL, and the rules in pg_hba.conf.',
  '08P01': `refuses how it is spoken to. If it is a pooler (PgBouncer): ${switchPoolerOn}`,
  '26000': `has lost a prepared statement: a pooler stands between, it seems. ${switchPoolerOn}`,
  '3D000': 'has no such database. Create it (createdb), or name another one in the database URL.',
  '3F000':
    'has no schema to create tables in. Create it, and check the option postgres.schema, or the search_path of this user.',
  '42501': 'denies this user a right that is needed. Grant it, or connect as the owner of the tables.',
  '42P01':
    'lacks tables of the context store. Run `context-store migrate`, or check the option postgres.schema, or the search_path of this user.',
  '42P05': `has a prepared statement of another client: a pooler stands between, it seems. ${switchPoolerOn}`,
  '42P07':
    'holds a table of another application under a name that is needed. Use a database, or a schema (the option postgres.schema), of its own.',
  '25006': noWrites,
  '53100': 'cannot grow: its disk is full. Free some space.',
  '53200': 'is out of memory.',
  '53300': 'accepts no more connections. Lower the option postgres.poolSize, or raise max_connections there.',
  '55P03': 'is locked by another process for too long.',
  '57014': 'took too long to answer.',
  '57P01': isRestarting,
  '57P02': isRestarting,
  '57P03': isRestarting,
  '58030': 'cannot read or write its files. See its log.',
  XX001: 'reports damaged data. See its log, and restore it from a backup if need be.',
  XX002: 'reports a damaged index. See its log, and reindex it.',
};

/**
 * PgBouncer's messages. It reports every problem by SQLSTATE 08P01, and the server has then not seen the statement. The
 * messages are never translated.
 */
const poolerProblems: readonly (readonly [said: RegExp, problem: string, isPassing: boolean])[] = [
  [
    /max_client_conn|no more connections allowed/,
    'accepts no more connections: the pooler is full. Lower the option postgres.poolSize, or raise max_client_conn there.',
    true,
  ],
  [
    /query_wait_timeout/,
    'had no free connection behind the pooler for too long. Raise default_pool_size there, or look for what holds its connections.',
    true,
  ],
  [
    /server login|cannot connect to server|client_login_timeout|server_login_retry/,
    'cannot be reached from the pooler in front of it. Check that it runs, and the [databases] of the pooler.',
    true,
  ],
  [/startup parameter/, `does not take settings: a pooler stands between. ${switchPoolerOn}`, false],
];

/** Why no connection came about, and what to do, by the code of a network or TLS error. */
const unreachable: Readonly<Record<string, string>> = {
  ENOTFOUND: 'is not found: no such host. Check the host in the database URL.',
  EAI_AGAIN: 'is not found: the name of the host cannot be looked up now. Check the host in the database URL.',
  ECONNREFUSED: 'refuses connections. Check that it runs, and the host and port in the database URL.',
  ENOENT: 'is not there: no such socket. Check that it runs, and the host in the database URL.',
  EHOSTUNREACH: 'cannot be reached. Check the network, and the host in the database URL.',
  ENETUNREACH: 'cannot be reached. Check the network, and the host in the database URL.',
};

const noAnswer = 'does not answer. Check that it runs, and the host and port in the database URL.';
const brokenConnection = 'broke the connection in the middle of the call.';

/** Returns true if the connection broke or went silent, so that it is unknown whether the statement ran. */
export const isConnectionLost = (error: unknown): error is Error => isConnectionBroken(error) || isSilent(error);

function isConnectionBroken(error: unknown): error is Error {
  if (!(error instanceof Error) || error instanceof ContextStoreError) return false;
  const code = codeOf(error);
  if (code === undefined) return isNeverSent(error) || error.message.startsWith('Connection terminated');
  return isSqlState(code)
    ? /^(08|57P0|25P0[34])/.test(code) && poolerProblemOf(error) === undefined
    : /^E[A-Z]+$/.test(code);
}

/** Returns true if the connection broke before the statement was sent. */
export const isNeverSent = (error: unknown): boolean =>
  error instanceof Error && /^Client (has|was) /.test(error.message);

/** Returns true if a call waited too long for a connection in use. A failure to connect has another message. */
export const isStillWaiting = (error: unknown): boolean =>
  error instanceof Error && error.message === 'timeout exceeded when trying to connect';

const readTimeout = 'Query read timeout';

/** Returns true if the server sent nothing, although its statement timeout had passed. */
const isSilent = (error: unknown): error is Error => error instanceof Error && error.message === readTimeout;

/** Makes the error that pg throws when a server has not answered within `query_timeout`. */
export const serverSilent = (): Error => new Error(readTimeout);

/** Returns true if the server is read-only on this connection. It may have become a standby. */
export const isReadOnly = (error: unknown): boolean => codeOf(error) === '25006';

/**
 * Returns true if the plan of a prepared statement no longer fits the tables, because another process has migrated them.
 * The name of the server's routine identifies this error; the message depends on the server's language.
 */
export const isPlanOutdated = (error: unknown): boolean =>
  codeOf(error) === '0A000' &&
  error instanceof Error &&
  'routine' in error &&
  error.routine === 'RevalidateCachedQuery';

/** Returns true if this connection did not run the statement, but another connection may. */
export const isRefusedByConnection = (error: unknown): boolean =>
  isReadOnly(error) || isPlanOutdated(error) || ['26000', '42P05'].includes(codeOf(error) ?? '');

/** Returns true if the connection must not be used again. */
export const isConnectionUseless = (error: unknown): error is Error =>
  isConnectionLost(error) || isRefusedByConnection(error) || poolerProblemOf(error) !== undefined;

/** Returns true if the server rolled the statement back because of another one. It may be sent again at once. */
export const isRolledBackByConflict = (error: unknown): boolean => ['40001', '40P01'].includes(codeOf(error) ?? '');

/** Returns true if a statement failed because of its arguments, and not because of the state of the server. */
export const isStatementFailure = (error: unknown): boolean => {
  const code = codeOf(error);
  return code !== undefined && isSqlState(code) && !/^(08|25|28|3D|42|53|57|58|XX)/.test(code);
};

/** Returns true if the row that another row refers to was deleted. */
export const isForeignKeyViolation = (error: unknown): boolean => codeOf(error) === '23503';

/** Returns true if a row with the same key exists already. */
export const isUniqueViolation = (error: unknown, constraint: string): boolean =>
  codeOf(error) === '23505' && error instanceof Error && 'constraint' in error && error.constraint === constraint;

/** Turns a failure to connect into an error for callers. Nothing was sent in this case. */
export function translateConnectError(error: unknown, url: string): ContextStoreError {
  if (error instanceof ContextStoreError) return error;
  const code = codeOf(error) ?? '';
  const known = problemOf(error) ?? unreachable[code];
  if (known !== undefined) return serverProblem(url, known, error);
  if (isSqlState(code))
    return serverProblem(url, `refuses the connection (SQLSTATE ${code}). See its log for the reason.`, error);
  const misuse = connectMisuse(error);
  return misuse === undefined ? serverProblem(url, noAnswer, error) : storeUnusable(url, misuse, error);
}

/** The problem that the server, or the pooler in front of it, reports by a known code. */
const problemOf = (error: unknown): string | undefined =>
  poolerProblemOf(error)?.[1] ?? unavailable[codeOf(error) ?? ''];

/** The error of a server that did not run the statement, or undid it. */
const serverProblem = (url: string, problem: string, cause: unknown): ContextStoreError =>
  isPassing(cause) ? serverUnavailable(url, problem, { written: 'no', cause }) : storeUnusable(url, problem, cause);

const poolerProblemOf = (error: unknown): (typeof poolerProblems)[number] | undefined =>
  codeOf(error) === '08P01' && error instanceof Error
    ? poolerProblems.find(([said]) => said.test(error.message))
    : undefined;

/** Problems that the driver reports without an answer of the server. */
function connectMisuse(error: unknown): string | undefined {
  const message = error instanceof Error ? error.message : '';
  if (/password/i.test(message)) return 'asks for a password. Put it into the database URL, or into PGPASSWORD.';
  if (/SSL|TLS|certificate/i.test(message))
    return 'cannot be spoken to by TLS as asked. Check sslmode in the database URL.';
  return undefined;
}

/** The same for a statement that only reads, and may have been tried more than once. Other errors are left as they are. */
export function translateReadError(error: unknown, url: string): unknown {
  if (!isConnectionLost(error)) return error;
  return serverUnavailable(url, brokenConnection, { written: 'no', cause: error });
}

/**
 * Turns an error of an operation into an error for callers. The message names the server without the password. It never
 * contains SQL or the driver's message; those stay in `cause`.
 */
export function translateError(error: unknown, url: string): ContextStoreError {
  if (error instanceof ContextStoreError) return error;
  if (isConnectionLost(error)) return serverUnavailable(url, brokenConnection, { written: 'unknown', cause: error });
  const problem = problemOf(error);
  if (problem !== undefined) return serverProblem(url, problem, error);
  if (isRolledBackByConflict(error)) return tooManyConflicts(error);
  const message = 'Something went wrong in the store. Nothing was acknowledged; please report it.';
  return new ContextStoreError('INTERNAL_ERROR', message, {}, { cause: error });
}

/** The error of a call that conflicted with other calls on every try. */
export function tooManyConflicts(cause?: unknown): ContextStoreError {
  const message =
    'Others change the same session all the time. Nothing was written; wait, then send the same call again.';
  return new ContextStoreError('OVERLOADED', message, { retryAfterMs: 1000 }, { cause });
}

/** @param problem what is wrong with the server, as the rest of a sentence, and what to do */
export const serverUnavailable = (url: string, problem: string, options: StoreUnavailableOptions): ContextStoreError =>
  storeUnavailable(`${nameServer(url)} ${problem}`, options);

/** The error of a server that only answers reads. */
export const takesNoWrites = (url: string): ContextStoreError => serverUnavailable(url, noWrites, { written: 'no' });

/** The error for problems that last until an operator changes the server or its configuration. */
export const storeUnusable = (url: string, problem: string, cause?: unknown): ContextStoreError =>
  serverUnavailable(url, problem, { written: 'no', retryable: false, cause });

/** Returns true for problems that may pass: network failures, full servers, restarts, failovers, locks and timeouts. */
function isPassing(error: unknown): boolean {
  const code = codeOf(error);
  if (code === undefined || !isSqlState(code)) return true;
  return poolerProblemOf(error)?.[2] ?? /^(08(?!P01)|25006|53|55P03|57014|57P)/.test(code);
}

/**
 * Returns the code of the server or of the network for a failed statement, and `_OTHER` for a connection that broke
 * without a code. Returns undefined if it did not fail.
 */
export const failureOf = (error: unknown): string | undefined =>
  error === undefined ? undefined : (codeOf(error) ?? '_OTHER');

const isSqlState = (code: string): boolean => /^[0-9A-Z]{5}$/.test(code) && /[0-9]/.test(code);

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
