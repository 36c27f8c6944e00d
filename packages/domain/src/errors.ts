import type { ErrorDetails, NoDetails, Written } from './error-details.js';

/**
 * Every error code, its meaning, and whether the same call may succeed if it is sent again. A single error of a
 * retryable code may be final: see {@link ContextStoreErrorOptions}. The error table in the docs is generated from this
 * list.
 */
export const errorCodes: Readonly<Record<ErrorCode, ErrorCodeInfo>> = {
  VALIDATION_ERROR: {
    retryable: false,
    meaning: 'An argument is missing, malformed or unknown. `details.issues` names each one.',
  },
  SESSION_NOT_FOUND: { retryable: false, meaning: 'No session has this key in the namespace.' },
  SESSION_EXISTS: { retryable: false, meaning: 'The session key is taken. Resume the session, or choose another key.' },
  SESSION_NOT_ACTIVE: {
    retryable: false,
    meaning: 'The session is completed or archived. Its owner may set it active again.',
  },
  SESSION_EXPIRED: {
    retryable: false,
    meaning: 'The session outlived its TTL. Its owner may extend it; nothing was deleted.',
  },
  NOT_A_PARTICIPANT: {
    retryable: false,
    meaning: 'Only the owner and the participants may write. Ask the owner for a handoff.',
  },
  OWNERSHIP_LOST: { retryable: false, meaning: 'Ownership moved: the caller was fenced out, or holds an old epoch.' },
  SEQUENCE_CONFLICT: {
    retryable: false,
    meaning: 'The log moved on past `expectedSequence`. Read what is new, then append again.',
  },
  VERSION_CONFLICT: {
    retryable: false,
    meaning: 'The session changed since `expectedVersion`. Read it again, then decide.',
  },
  IDEMPOTENCY_MISMATCH: { retryable: false, meaning: 'The idempotency key was used before with other input.' },
  HANDOFF_NOT_FOUND: { retryable: false, meaning: 'No handoff has this id in the namespace.' },
  HANDOFF_NOT_PENDING: { retryable: false, meaning: 'The handoff is no longer in a state that allows this step.' },
  HANDOFF_CLAIMED: { retryable: false, meaning: 'Another agent accepted the handoff first.' },
  HANDOFF_EXPIRED: { retryable: false, meaning: 'The offer lapsed before anyone accepted it. Ask for a new one.' },
  TAKE_OVER_TOO_EARLY: {
    retryable: true,
    meaning: 'The owner still has time to write. Wait for `details.retryAfterMs`, then send the same call.',
  },
  CONTENT_TOO_LARGE: {
    retryable: false,
    meaning: 'The content exceeds the limit. Split it, or store a reference to it.',
  },
  RATE_LIMITED: { retryable: true, meaning: 'Too many calls from this caller. Wait, then send the same call.' },
  OVERLOADED: { retryable: true, meaning: 'The store is too busy now. Wait, then send the same call.' },
  CANCELLED: {
    retryable: true,
    meaning: 'The call was given up before it was carried out: its caller left, or cancelled it.',
  },
  UNAUTHORIZED: { retryable: false, meaning: 'The call carries no valid credential.' },
  FORBIDDEN: { retryable: false, meaning: 'The caller is known, but may not do this.' },
  STORE_UNAVAILABLE: {
    retryable: true,
    meaning: 'The database cannot be used. `retryable` is false when only its operator can mend it.',
  },
  STORE_CLOSED: {
    retryable: false,
    meaning: 'This program closed its store. Only the library has this code; servers answer STORE_UNAVAILABLE.',
  },
  INTERNAL_ERROR: { retryable: false, meaning: 'A defect. The request id leads to the log line.' },
};

/** A code of {@link errorCodes}. Callers branch on it; the message is for reading. */
export type ErrorCode = keyof ErrorDetails;

/** What a code means. */
export interface ErrorCodeInfo {
  /** Whether the same call may succeed when it is sent again. */
  readonly retryable: boolean;
  /** What went wrong, and what helps. */
  readonly meaning: string;
}

/** An error as clients receive it, in JSON. `message` says what to do next. */
export interface ErrorBody {
  /** What went wrong. */
  readonly code: ErrorCode;
  /** What happened, and what to do next. */
  readonly message: string;
  /** Whether the same call may succeed when it is sent again. */
  readonly retryable: boolean;
  /** The facts that the message names: see {@link ErrorDetails}. */
  readonly details: Readonly<Record<string, unknown>>;
}

export interface ContextStoreErrorOptions extends ErrorOptions {
  /** `false` if the same call will fail again although the code is retryable. Default: as {@link errorCodes} says. */
  readonly retryable?: false | undefined;
}

/** The arguments of {@link ContextStoreError} for one code. */
type ErrorArguments<Code extends ErrorCode> = NoDetails extends ErrorDetails[Code]
  ? [code: Code, message: string, details?: ErrorDetails[Code], options?: ContextStoreErrorOptions]
  : [code: Code, message: string, details: ErrorDetails[Code], options?: ContextStoreErrorOptions];

/**
 * The only error that the product throws on purpose. Its message and details are safe to show to clients: driver and
 * SQL texts stay in `cause`.
 */
export class ContextStoreError extends Error {
  /** What went wrong. Branch on it; the message is for reading. */
  readonly code: ErrorCode;
  /** The facts that the message names. `isContextStoreError` gives them the type of their code. */
  readonly details: Readonly<Record<string, unknown>>;
  /** Whether the same call may succeed when it is sent again. */
  readonly retryable: boolean;

  /** @param args the code, the message, the details of that code (see {@link ErrorDetails}), and options */
  constructor(...args: { [Code in ErrorCode]: ErrorArguments<Code> }[ErrorCode]) {
    const [code, message, details = {}, options] = args;
    super(message, options);
    this.name = 'ContextStoreError';
    this.code = code;
    this.details = details;
    this.retryable = options?.retryable ?? errorCodes[code].retryable;
  }

  /** Returns what clients receive, without the cause. */
  toJSON(): ErrorBody {
    return { code: this.code, message: this.message, retryable: this.retryable, details: this.details };
  }
}

/** A {@link ContextStoreError} of this code, or of one of these codes. Its details have the type of its code. */
export type ContextStoreErrorOf<Code extends ErrorCode = ErrorCode> = {
  [Each in Code]: ContextStoreError & { readonly code: Each; readonly details: ErrorDetails[Each] };
}[Code];

/**
 * Whether a thrown value is a {@link ContextStoreError}, and of one of these codes if any are given. Then `details` has
 * the type of the code.
 *
 * @example
 * ```ts
 * if (isContextStoreError(error, 'SEQUENCE_CONFLICT')) console.log(error.details.lastSequence);
 * ```
 */
export const isContextStoreError = <Code extends ErrorCode = ErrorCode>(
  error: unknown,
  ...codes: readonly Code[]
): error is ContextStoreErrorOf<Code> =>
  error instanceof ContextStoreError && (codes.length === 0 || (codes as readonly ErrorCode[]).includes(error.code));

/** Creates an error from what another process sent, or from another error in other words. */
export function errorFrom({ code, message, details, retryable }: ErrorBody, cause?: unknown): ContextStoreError {
  const options = { cause, ...(!retryable && { retryable }) };
  const args: readonly unknown[] = [code, message, details, options];
  // The other process, or error, had the details of its code.
  return new ContextStoreError(...(args as ConstructorParameters<typeof ContextStoreError>));
}

export interface StoreUnavailableOptions extends ContextStoreErrorOptions {
  readonly written: Written;
  readonly details?: Omit<ErrorDetails['STORE_UNAVAILABLE'], 'written'> | undefined;
}

/**
 * Creates the error of a database that cannot be used. Its message and `details.written` say whether the call may have
 * been carried out.
 *
 * @param problem what happened and what to do next, in whole sentences
 */
export function storeUnavailable(
  problem: string,
  { written, details, ...options }: StoreUnavailableOptions,
): ContextStoreError {
  const message = `${problem} ${outcome(written, options.retryable ?? true)}`;
  return new ContextStoreError('STORE_UNAVAILABLE', message, { ...details, written }, options);
}

/** Creates the error that the port `Store` throws once it is closed. */
export const storeClosed = (): ContextStoreError => storeUnavailable('The store is closed.', { written: 'no' });

/**
 * Creates the error of a call that a context store could not carry out because its program closed it. Unlike
 * STORE_UNAVAILABLE, no retry on this store can succeed.
 */
export const contextStoreClosed = (written: Written, cause?: unknown): ContextStoreError =>
  new ContextStoreError(
    'STORE_CLOSED',
    `This context store was closed. Open another one to go on. ${outcome(written, false)}`,
    { written },
    { cause },
  );

/** Creates the error of a call that was given up because its caller's signal aborted. */
export const cancelled = (reason: unknown): ContextStoreError =>
  new ContextStoreError('CANCELLED', 'The call was given up: its caller left, or cancelled it.', {}, { cause: reason });

/**
 * Awaits a read in a call that has already written. If the read fails with `written: 'no'`, throws the same error with
 * `written: 'unknown'`, because the call as a whole did write.
 */
export async function afterWriting<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (!(error instanceof ContextStoreError) || error.details['written'] !== 'no') throw error;
    const { details, retryable, cause } = error;
    const options = { written: 'unknown', details, retryable: retryable ? undefined : false, cause } as const;
    throw storeUnavailable(withoutOutcome(error), options);
  }
}

/** Returns the message without the sentence about the call's outcome. For program starts and readiness checks. */
export function withoutOutcome({ message, details, retryable }: ContextStoreError): string {
  const { written } = details;
  if (written !== 'no' && written !== 'unknown') return message;
  return message.slice(0, -outcome(written, retryable).length).trimEnd();
}

function outcome(written: Written, isRetryable: boolean): string {
  if (written === 'unknown')
    return 'It may have been carried out: repeat it with the same idempotencyKey, or look before you repeat it.';
  return isRetryable ? 'Nothing was written; send the same call again.' : 'Nothing was written.';
}
