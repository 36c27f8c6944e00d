import type { Writable } from 'node:stream';

export interface BoundedLines {
  readonly write: (line: string) => void;
  /** Resolves when all is written, or after so long: whether all was. */
  readonly flush: (withinMs: number) => Promise<boolean>;
}

export interface BoundedLinesOptions {
  /** How much may wait for a reader. Default 1 MiB. */
  readonly maxUnreadBytes?: number | undefined;
  /** The stream takes lines again, after so many were left out. */
  readonly onResume: (leftOut: number) => void;
}

/**
 * Writes lines to a stream that may be a pipe which nobody reads, or which was closed: neither holds the process up, lets
 * its memory grow, or ends it. What does not fit is left out.
 */
export function boundedLines(
  stream: Writable,
  { maxUnreadBytes = 1024 * 1024, onResume }: BoundedLinesOptions,
): BoundedLines {
  let leftOut = 0;
  stream.on('error', () => undefined);
  stream.on('drain', () => {
    if (leftOut === 0) return;
    const count = leftOut;
    leftOut = 0;
    onResume(count);
  });
  return {
    write: (line) => {
      if (leftOut > 0 || stream.writableLength > maxUnreadBytes) leftOut += 1;
      else stream.write(line);
    },
    flush: (withinMs) => flush(stream, withinMs),
  };
}

async function flush(stream: Writable, withinMs: number): Promise<boolean> {
  if (stream.writableLength === 0) return true;
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), withinMs);
    // Called after all that was written before, and after an error too: then nobody is left to read.
    stream.write('', () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
