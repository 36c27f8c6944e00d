/** The parts of an error that the log may hold. */
export interface DescribedError {
  readonly type: string;
  /** Left out if it may quote what a caller wrote. */
  readonly message?: string;
  /** The code of a system error or of a database, such as `ECONNREFUSED`, `23505`, `SQLITE_IOERR`. */
  readonly code?: string;
  /** The frames, without the message. */
  readonly stack?: string;
  readonly cause?: DescribedError;
}

const longestMessage = 500;
const deepestCause = 4;

/**
 * Reduces an error to the parts that hold no text of a caller. Drivers add rows, parameters and statements to their errors
 * (`detail`, `where`, `query`), so only the properties of {@link DescribedError} are kept.
 */
export function describeError(error: unknown, depth = 0): DescribedError {
  if (!(error instanceof Error)) return { type: typeof error };
  const code = codeOf(error);
  const stack = framesOf(error);
  return {
    type: error.name,
    ...(mayQuoteInput(error, code) ? {} : { message: error.message.slice(0, longestMessage) }),
    ...(code !== undefined && { code }),
    ...(stack !== '' && { stack }),
    ...(error.cause !== undefined && depth < deepestCause && { cause: describeError(error.cause, depth + 1) }),
  };
}

function codeOf(error: Error): string | undefined {
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' && /^\w{1,64}$/.test(code) ? code : undefined;
}

/** V8 quotes the JSON that it cannot read; PostgreSQL quotes the value in its data exceptions (class 22). */
const mayQuoteInput = (error: Error, code: string | undefined): boolean =>
  error instanceof SyntaxError || (code !== undefined && /^22[0-9A-Z]{3}$/.test(code));

/** A stack begins with the original message, which may have several lines. */
function framesOf({ stack = '', message }: Error): string {
  const end = message === '' ? -1 : stack.indexOf(message);
  return stack
    .slice(end === -1 ? 0 : end + message.length)
    .split('\n')
    .filter((line) => /^ {4}at /.test(line))
    .map((line) => line.trim())
    .join('\n');
}
