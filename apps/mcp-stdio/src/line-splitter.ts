import { RequestIdScanner } from '@org/mcp';

const newline = 0x0a;

/** A line without its newline, or the request id of a line that was too long and was dropped. */
export type Line = { readonly bytes: Buffer } | { readonly tooLong: true; readonly id: string | undefined };

/**
 * Splits a stream of bytes into lines. It buffers at most one line of `maxBytes`. It joins the pieces once, so that the time
 * for a long line is proportional to its length.
 */
export class LineSplitter {
  readonly #maxBytes: number;
  #pieces: Buffer[] = [];
  #bytes = 0;
  /** Scans the dropped bytes of a line that is too long. */
  #scanner: RequestIdScanner | undefined;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  *push(chunk: Buffer): Generator<Line> {
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      this.#add(chunk.subarray(start, end));
      yield this.#endLine();
      start = end + 1;
    }
    this.#add(chunk.subarray(start));
  }

  #add(piece: Buffer): void {
    this.#bytes += piece.length;
    if (piece.length > 0) this.#pieces.push(piece);
    if (this.#bytes <= this.#maxBytes) return;
    this.#scanner ??= new RequestIdScanner();
    for (const dropped of this.#pieces) this.#scanner.push(dropped);
    this.#pieces = [];
  }

  #endLine(): Line {
    const line: Line =
      this.#scanner === undefined ? { bytes: Buffer.concat(this.#pieces) } : { tooLong: true, id: this.#scanner.id };
    this.#pieces = [];
    this.#bytes = 0;
    this.#scanner = undefined;
    return line;
  }
}
