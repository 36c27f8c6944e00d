import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ContextStoreError } from '../../errors.js';

/**
 * Writes positions as cursors, which are opaque to callers. A cursor holds a position, and a hash of the position and
 * its scope: tool, namespace, session, filters. The hash detects cursors that were changed or belong to another scope.
 * A cursor holds no secret and grants no rights.
 */
export interface CursorKind<Position> {
  encode(scope: readonly string[], position: Position): string;
  /** @throws VALIDATION_ERROR (not a cursor of this scope) */
  decode(scope: readonly string[], cursor: string): Position;
}

/** Creates the cursors of one tool, whose positions have this shape. */
export function cursorKind<Position extends unknown[]>(
  tool: string,
  position: z.ZodType<Position>,
): CursorKind<Position> {
  const mark = (scope: readonly string[], at: readonly unknown[]): string =>
    createHash('sha256')
      .update(JSON.stringify([tool, scope, at]))
      .digest('base64url')
      .slice(0, 11);
  const shape = z.tuple([z.string()], z.unknown());
  return {
    encode: (scope, at) => Buffer.from(JSON.stringify([mark(scope, at), ...at])).toString('base64url'),
    decode(scope, cursor) {
      const [found, ...rest] = shape.safeParse(parseJson(cursor)).data ?? [undefined];
      const at = position.safeParse(rest);
      if (!at.success || found !== mark(scope, at.data)) throw foreignCursor(tool);
      return at.data;
    },
  };
}

/** Creates the error for a cursor that was made up, or made for another call. */
export const foreignCursor = (tool: string): ContextStoreError =>
  new ContextStoreError(
    'VALIDATION_ERROR',
    `cursor: not a cursor of this call. Use the one from an earlier ${tool} answer with the same arguments, or begin again without one.`,
    { issues: [{ path: 'cursor', message: 'not a cursor of this call' }] },
  );

/** Creates the error for a cursor that is ahead of everything in its list. */
export const unreachedCursor = (tool: string): ContextStoreError =>
  new ContextStoreError(
    'VALIDATION_ERROR',
    `cursor: ahead of what is here. The database was restored from a backup, or the cursor is of another one. Call ${tool} without a cursor to begin again.`,
    { issues: [{ path: 'cursor', message: 'ahead of what is here' }] },
  );

/** Several times the length of any cursor. Longer texts are refused unread. */
const longestCursor = 1024;

function parseJson(cursor: string): unknown {
  if (cursor.length > longestCursor) return undefined;
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return undefined;
  }
}
