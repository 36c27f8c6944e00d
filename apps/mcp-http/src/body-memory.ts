import type { ServerResponse } from 'node:http';

/** What is always taken: calls of usual size are served while large uploads are refused. */
const smallBytes = 64 * 1024;

/** Bounds what the bodies of all requests take together, from their arrival to their answer. */
export class BodyMemory {
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Accounts for one request. What is given back says, for each piece that arrives, whether there is room for it. */
  open(response: ServerResponse): (pieceBytes: number) => boolean {
    let ownBytes = 0;
    response.once('close', () => {
      this.#bytes -= ownBytes;
    });
    return (pieceBytes) => {
      if (response.destroyed) return false;
      ownBytes += pieceBytes;
      this.#bytes += pieceBytes;
      return ownBytes <= smallBytes || this.#bytes <= this.#maxBytes;
    };
  }
}
