import type { ContextStoreError } from '../../errors.js';
import type { HandoffPosition } from '../../ports/store.js';
import { unreachedCursor } from '../cursors/cursor.js';
import { reachedBy } from '../handoffs/inbox-page.js';

/**
 * Returns why a list cannot continue from a position, or undefined if it can. After a restore from a backup, a position
 * may be ahead of all places. New offers would then get places that the position has passed, and would not be listed.
 *
 * @param lastPlace the greatest place that the database ever gave
 */
export const refusePosition = (position: HandoffPosition, lastPlace: number): ContextStoreError | undefined =>
  reachedBy(position) > lastPlace ? unreachedCursor('listHandoffs') : undefined;
