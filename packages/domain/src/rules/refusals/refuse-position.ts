import type { ContextStoreError } from '../../errors.js';
import type { HandoffPosition } from '../../ports/store.js';
import { unreachedCursor } from '../cursors/cursor.js';
import { reachedBy } from '../handoffs/inbox-page.js';

/**
 * Why a list cannot go on from a position, or undefined when it can. After a restore from a backup, a position may be ahead
 * of everything: what is offered from then on takes the places that the position has passed already.
 *
 * @param lastPlace the greatest that the database ever gave
 */
export const refusePosition = (position: HandoffPosition, lastPlace: number): ContextStoreError | undefined =>
  reachedBy(position) > lastPlace ? unreachedCursor('listHandoffs') : undefined;
