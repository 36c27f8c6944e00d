const newline = 0x0a;

/** What came in: a line without its end, or the news that one was too long and was thrown away. */
export type Line = { readonly text: string } | { readonly tooLong: true };

/**
 * Cuts a stream of bytes into lines. Holds at most one line of `maxBytes`, and joins its pieces once: a long line costs
 * time in proportion to its length.
 */
export class LineSplitter {
  private readonly maxBytes: number;
  private pieces: Buffer[] = [];
  private bytes = 0;

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
    if (this.bytes > this.maxBytes) this.pieces = [];
    else if (piece.length > 0) this.pieces.push(piece);
  }

  private take(): Line {
    const line: Line =
      this.bytes > this.maxBytes ? { tooLong: true } : { text: Buffer.concat(this.pieces).toString('utf8') };
    this.pieces = [];
    this.bytes = 0;
    return line;
  }
}
