import type { Writable } from 'node:stream';

/** A stream for people, which may be a terminal. */
export type ProgressStream = Writable & { readonly isTTY?: boolean };

const delayMs = 500;
const frameMs = 100;
const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const clearLine = '\r\u001B[2K';

/** Waits for work. On a terminal, shows that it goes on if it takes longer than half a second. */
export async function withProgress<Done>(stream: ProgressStream, text: string, work: Promise<Done>): Promise<Done> {
  if (stream.isTTY !== true) return work;
  let shown = 0;
  let timer = setTimeout(function show(): void {
    stream.write(`${clearLine}${frames[shown % frames.length]} ${text}`);
    shown += 1;
    timer = setTimeout(show, frameMs);
  }, delayMs);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
    if (shown > 0) stream.write(clearLine);
  }
}
