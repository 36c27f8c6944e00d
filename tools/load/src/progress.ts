import type { WriteStream } from 'node:tty';

/** Tells whoever waits what is going on: one line that changes on a terminal, and else a line every ten seconds. */
export interface Progress {
  readonly show: (line: string) => void;
  /** Leaves the last line where it is. */
  readonly end: () => void;
}

const quietMs = 10_000;

export function createProgress(stream: WriteStream = process.stderr): Progress {
  if (!stream.isTTY) {
    let shownMs = -Infinity;
    return {
      show: (line) => {
        if (performance.now() - shownMs < quietMs) return;
        shownMs = performance.now();
        stream.write(`${line}\n`);
      },
      end: () => (shownMs = -Infinity),
    };
  }
  let isOpen = false;
  return {
    show: (line) => {
      isOpen = true;
      stream.write(`\r\u001B[K${line.slice(0, stream.columns - 1)}`);
    },
    end: () => {
      if (isOpen) stream.write('\n');
      isOpen = false;
    },
  };
}
