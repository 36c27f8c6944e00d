import { SdkHttpError, UnauthorizedError } from '@modelcontextprotocol/client';
import { ContextStoreError } from '@org/domain';
import { CommandError } from '../failure.js';

/** Returns the error of a call that got no answer of a tool, in words that say what to do. */
export function serverFailure(url: URL, error: unknown): Error {
  if (error instanceof ContextStoreError) return error;
  const place = `${url.origin}${url.pathname}`;
  const status = statusOf(error);
  if (status === 401)
    return new CommandError(
      'refused',
      `${place} refuses the key, or asks for one. Set CONTEXT_API_KEY or CONTEXT_API_KEY_FILE.`,
      {
        cause: error,
      },
    );
  if (status === 403)
    return new CommandError('refused', `${place} knows the key, but it does not allow this call.`, { cause: error });
  if (status === 404 || status === 405)
    return new CommandError(
      'unreachable',
      `No MCP server answers at ${place}. Correct CONTEXT_SERVER, with its path.`,
      { cause: error },
    );
  if (status !== undefined)
    return new CommandError('unreachable', `${place} answered HTTP ${status}. Try again.`, { cause: error });
  return new CommandError(
    'unreachable',
    `${place} cannot be reached (${reasonOf(error)}). Look whether it runs, and try again.`,
    { cause: error },
  );
}

function statusOf(error: unknown): number | undefined {
  if (error instanceof UnauthorizedError) return 401;
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof SdkHttpError) return at.status;
  return undefined;
}

/** The innermost cause says most: `fetch failed` is around it. */
function reasonOf(error: unknown): string {
  let at = error;
  while (at instanceof Error && at.cause !== undefined) at = at.cause;
  if (!(at instanceof Error)) return String(at);
  return (at as NodeJS.ErrnoException).code ?? at.message;
}
