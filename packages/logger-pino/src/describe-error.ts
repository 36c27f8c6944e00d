/** What the log may hold of an error. */
export interface DescribedError {
  readonly type: string;
  /** Absent where it may quote what a caller wrote. */
  readonly message?: string;
  /** Of a system error or a database: `ECONNREFUSED`, `23505`, `SQLITE_IOERR`. */
  readonly code?: string;
  /** The frames alone. */
  readonly stack?: string;
  readonly cause?: DescribedError;
}

const longestMessage = 500;
const deepestCause = 4;

/**
 * An error, reduced to what is known to hold nothing of a caller. Drivers hang rows, parameters and statements on theirs
 * (`detail`, `where`, `query`): what is not named here is left out.
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

/** A stack begins with the message as it was when the error was made, which may have lines of its own. */
function framesOf({ stack = '', message }: Error): string {
  const end = message === '' ? -1 : stack.indexOf(message);
  return stack
    .slice(end === -1 ? 0 : end + message.length)
    .split('\n')
    .filter((line) => /^ {4}at /.test(line))
    .map((line) => line.trim())
    .join('\n');
}
