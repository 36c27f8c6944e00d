import { z } from 'zod';
import type { ClassPosition, HandoffPosition } from '../../ports/store.js';
import { cursorKind, foreignCursor } from './cursor.js';

const radix = 36;
const positionForm = /^[0-9a-z]+(:[\w-]{3}[0-9a-z]+)*(\.[0-9a-z]+(:[\w-]{3}[0-9a-z]+)*)*$/;
const cursors = cursorKind('listHandoffs', z.tuple([z.union([z.int().min(0), z.string().regex(positionForm)])]));

/**
 * Cursors of `listHandoffs`. They are short, because models repeat them. A position in several classes is `upto` of
 * each, in base 36; then the tag of each sender that is behind, and by how much. In `1f:aB3c.9z.9z`, the sender `aB3`
 * of the first class is `c` behind `1f`.
 */
export const handoffCursors = {
  encode: (scope: readonly string[], position: HandoffPosition): string =>
    cursors.encode(scope, [typeof position === 'number' ? position : position.map(writeClass).join('.')]),

  /** @throws VALIDATION_ERROR (a cursor of another call) */
  decode(scope: readonly string[], cursor: string): HandoffPosition {
    const [written] = cursors.decode(scope, cursor);
    return typeof written === 'number' ? written : written.split('.').map(readClass);
  },
};

const writeClass = ({ upto, behind = [] }: ClassPosition): string =>
  [upto.toString(radix), ...behind.map(({ sender, after }) => sender + (upto - after).toString(radix))].join(':');

function readClass(written: string): ClassPosition {
  const [end = '', ...senders] = written.split(':');
  const upto = readPlace(Number.parseInt(end, radix));
  if (senders.length === 0) return { upto };
  return {
    upto,
    behind: senders.map((text) => ({
      sender: text.slice(0, 3),
      after: readPlace(upto - Number.parseInt(text.slice(3), radix)),
    })),
  };
}

function readPlace(place: number): number {
  if (!Number.isSafeInteger(place) || place < 0) throw foreignCursor('listHandoffs');
  return place;
}
