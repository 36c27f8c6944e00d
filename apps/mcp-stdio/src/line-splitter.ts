import { RequestIdScanner } from '@org/mcp';

const newline = 0x0a;

/** What came in: a line without its end, or the request id of one that was too long and was thrown away. */
export type Line = { readonly bytes: Buffer } | { readonly tooLong: true; readonly id: string | undefined };

/**
 * Cuts a stream of bytes into lines. Holds at most one line of `maxBytes`, and joins its pieces once: a long line costs
 * time in proportion to its length.
 */
export class LineSplitter {
  private readonly maxBytes: number;
  private pieces: Buffer[] = [];
  private bytes = 0;
  /** Looks through what is thrown away of a line that is too long. */
  private scanner: RequestIdScanner | undefined;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  *push(chunk: Buffer): Generator<Line> {
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      this.keep(chunk.subarray(start, end));
      yield this.take();
      start = end + 1;
    }
    this.keep(chunk.subarray(start));
  }

  private keep(piece: Buffer): void {
    this.bytes += piece.length;
    if (piece.length > 0) this.pieces.push(piece);
    if (this.bytes <= this.maxBytes) return;
    this.scanner ??= new RequestIdScanner();
    for (const dropped of this.pieces) this.scanner.push(dropped);
    this.pieces = [];
  }

  private take(): Line {
    const line: Line =
      this.scanner === undefined ? { bytes: Buffer.concat(this.pieces) } : { tooLong: true, id: this.scanner.id };
    this.pieces = [];
    this.bytes = 0;
    this.scanner = undefined;
    return line;
  }
}
