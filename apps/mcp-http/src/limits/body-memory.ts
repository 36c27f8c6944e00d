import type { ServerResponse } from 'node:http';
import { leavesEnough } from './may-take-more.js';

/** Calls of usual size are served while large uploads are refused: what is beyond this part of all is for them alone. */
const [smallBytes, partForLarge] = [64 * 1024, 0.75];

/** What one request takes. */
export interface OwnBodyMemory {
  /** Whether there is room for a piece that arrives. If not, the body takes nothing any more: it is to be dropped. */
  readonly hasRoom: (pieceBytes: number) => boolean;
  /** Its body is gone. So it is, too, once the response is closed. */
  readonly release: () => void;
}

/**
 * Bounds what the bodies of all requests take together, from their arrival to their answer. No caller keeps the others out:
 * each leaves a part to whoever comes next.
 */
export class BodyMemory {
  readonly #maxBytes: number;
  /** What each caller takes that takes any. */
  readonly #taken = new Map<string, number>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Accounts for one request. */
  open(caller: string, response: ServerResponse): OwnBodyMemory {
    let ownBytes = 0;
    let isReleased = false;
    const release = (): void => {
      this.#take(caller, -ownBytes);
      ownBytes = 0;
      isReleased = true;
    };
    response.once('close', release);
    return {
      hasRoom: (pieceBytes) => {
        if (isReleased || response.destroyed) return false;
        ownBytes += pieceBytes;
        this.#take(caller, pieceBytes);
        const maxBytes = ownBytes <= smallBytes ? this.#maxBytes : partForLarge * this.#maxBytes;
        // The piece is counted already, so this asks whether enough is left beside it, and not whether there may be more.
        const isEnough = leavesEnough(this.#takenBy(caller), maxBytes - this.#bytes);
        if (!isEnough) release();
        return isEnough;
      },
      release,
    };
  }

  #take(caller: string, bytes: number): void {
    this.#bytes += bytes;
    const taken = this.#takenBy(caller) + bytes;
    if (taken === 0) this.#taken.delete(caller);
    else this.#taken.set(caller, taken);
  }

  #takenBy(caller: string): number {
    return this.#taken.get(caller) ?? 0;
  }
}
