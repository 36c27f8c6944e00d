import type { ServerResponse } from 'node:http';
import { FairShares } from './fair-shares.js';

/** The memory of one request's body. */
export interface BodyReservation {
  /** Returns true if there is room for a piece that has arrived. If it returns false, the body must be dropped. */
  readonly hasRoom: (pieceBytes: number) => boolean;
  /** Gives the memory back before the response is closed, which does it otherwise. */
  readonly release: () => void;
}

/**
 * One budget, in bytes, for the bodies of all requests from their arrival until their answer. How large one message may be
 * is checked where it is read.
 */
export class BodyMemory {
  readonly #shares: FairShares;

  constructor(maxBytes: number) {
    this.#shares = new FairShares(maxBytes);
  }

  open(caller: string, response: ServerResponse): BodyReservation {
    let ownBytes = 0;
    let isReleased = false;
    const release = (): void => {
      this.#shares.giveBack(caller, ownBytes);
      ownBytes = 0;
      isReleased = true;
    };
    response.once('close', release);
    return {
      hasRoom: (pieceBytes) => {
        if (isReleased || response.destroyed) return false;
        ownBytes += pieceBytes;
        this.#shares.take(caller, pieceBytes);
        // The piece is already in memory, so it is counted first.
        const hasRoom = this.#shares.mayTakeMore(caller);
        if (!hasRoom) release();
        return hasRoom;
      },
      release,
    };
  }
}
