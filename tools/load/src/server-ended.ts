import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const [lastLines, lastBytes] = [10, 16_384];

/** Nobody told the server to end. */
export class ServerEnded extends Error {
  override readonly name: string = 'ServerEnded';
  /** The last lines of its log. */
  readonly lastLog: readonly string[];

  /** @param end `with exit code 1`, or `by SIGKILL` */
  constructor(end: string, logFile: string) {
    super(`the server ended ${end}`);
    this.lastLog = endOfFile(logFile).trimEnd().split('\n').slice(-lastLines);
  }
}

/** A log may be larger than memory. */
function endOfFile(file: string): string {
  const log = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(lastBytes);
    const length = readSync(log, bytes, { position: Math.max(0, fstatSync(log).size - lastBytes) });
    return bytes.toString('utf8', 0, length);
  } finally {
    closeSync(log);
  }
}

/**
 * What comes of something that asks a server, which may never answer once it has ended.
 *
 * @param ended of the server; its reason is a `ServerEnded`
 * @throws ServerEnded
 */
export async function orServerEnded<T>(ended: AbortSignal | undefined, answer: Promise<T>): Promise<T> {
  if (ended === undefined) return answer;
  const { promise, reject } = Promise.withResolvers<never>();
  const end = (): void => reject(ended.reason as ServerEnded);
  ended.addEventListener('abort', end);
  try {
    if (ended.aborted) end();
    return await Promise.race([promise, answer]);
  } catch (error) {
    // Whatever failed, failed for that.
    throw ended.aborted ? ended.reason : error;
  } finally {
    ended.removeEventListener('abort', end);
  }
}
