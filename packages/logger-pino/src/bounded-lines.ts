import type { Writable } from 'node:stream';

export interface BoundedLines {
  readonly write: (line: string) => void;
  /** Waits until all lines are written, for at most `withinMs` milliseconds. Returns false if the time was up. */
  readonly flush: (withinMs: number) => Promise<boolean>;
}

export interface BoundedLinesOptions {
  /** The most bytes that wait for a reader. Default: 1 MiB. */
  readonly maxUnreadBytes?: number | undefined;
  /** Called when the stream takes lines again, with the number of lines that were left out. */
  readonly onResume: (leftOut: number) => void;
}

/**
 * Writes lines to a stream that may be a pipe without a reader, or closed. Neither blocks the process, grows its memory or
 * ends it: lines that do not fit are left out.
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
    // Node.js calls back after all earlier writes, and after an error too: then there is no reader.
    stream.write('', () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
