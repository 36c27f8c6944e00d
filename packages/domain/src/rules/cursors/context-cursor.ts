import { z } from 'zod';
import type { ContextStoreError } from '../../errors.js';
import { contextTypes, type ContextType } from '../../model/entry.js';
import type { SessionRecord, SessionRef } from '../../ports/store.js';
import { cursorKind, foreignCursor, unreachedCursor } from './cursor.js';

/** `tail` reads towards older entries like `desc`, but shows each page in ascending order. */
export type ReadingOrder = 'asc' | 'desc' | 'tail';

/** Where the next page of a log begins. */
export interface ContextPosition {
  /** The uid of the session. Its key may belong to another session by now. */
  readonly uid: string;
  readonly order: ReadingOrder;
  /** The last sequence already shown. */
  readonly boundary: number;
  /** Only entries after this sequence are wanted. */
  readonly floor: number;
  readonly types: readonly ContextType[] | undefined;
}

const cursors = cursorKind(
  'getContext',
  z.tuple([z.string(), z.enum(['asc', 'desc', 'tail']), z.int().min(0), z.int().min(0), z.array(z.enum(contextTypes))]),
);

/** Cursors of `getContext`. Briefings contain them too. */
export const contextCursors = {
  encode(
    { namespace, sessionKey, uid }: SessionRecord,
    { order, boundary, floor, types }: Omit<ContextPosition, 'uid'>,
  ): string {
    return cursors.encode([namespace, sessionKey], [uid, order, boundary, floor, [...(types ?? [])]]);
  },

  /** @throws VALIDATION_ERROR (a cursor of another call, or other types than the cursor was made with) */
  decode(
    { namespace, sessionKey }: SessionRef,
    cursor: string,
    types: readonly ContextType[] | undefined,
  ): ContextPosition {
    const [uid, order, boundary, floor, made] = cursors.decode([namespace, sessionKey], cursor);
    if (types !== undefined && types.toSorted().join() !== made.toSorted().join()) throw contextCursors.foreign();
    return { uid, order, boundary, floor, types: made.length === 0 ? undefined : made };
  },

  foreign: (): ContextStoreError => foreignCursor('getContext'),
  unreached: (): ContextStoreError => unreachedCursor('getContext'),
};
