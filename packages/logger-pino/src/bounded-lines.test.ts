import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { boundedLines } from './bounded-lines.js';

/** A reader that takes one line on request. */
class SlowReader extends Writable {
  readonly got: string[] = [];
  #next: (() => void) | undefined;

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.got.push(String(chunk));
    this.#next = done;
  }

  async readAll(): Promise<void> {
    while (this.#next !== undefined) {
      const next = this.#next;
      this.#next = undefined;
      next();
      await new Promise((later) => setImmediate(later));
    }
  }
}

describe('lines to a slow reader', () => {
  it('wait up to a limit, and further lines are counted', async () => {
    const reader = new SlowReader({ highWaterMark: 10 });
    const missing: number[] = [];
    const { write } = boundedLines(reader, { maxUnreadBytes: 50, onResume: (leftOut) => missing.push(leftOut) });
    for (let line = 0; line < 100; line += 1) write('123456789\n');
    expect(reader.writableLength).toBe(60);
    await reader.readAll();
    expect([reader.got.length, missing]).toEqual([6, [94]]);
    write('again');
    expect(reader.got.at(-1)).toBe('again');
  });

  it('are waited for, up to a limit of time', async () => {
    const reader = new SlowReader();
    const { write, flush } = boundedLines(reader, { onResume: () => undefined });
    expect(await flush(10)).toBe(true);
    write('a');
    expect(await flush(10)).toBe(false);
    const flushed = flush(10_000);
    await reader.readAll();
    expect(await flushed).toBe(true);
  });

  it('do not throw when the reader is gone', async () => {
    const gone = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) });
    const { write, flush } = boundedLines(gone, { onResume: () => undefined });
    for (let line = 0; line < 3; line += 1) {
      write('a');
      await new Promise((later) => setImmediate(later));
    }
    expect(await flush(10_000)).toBe(true);
  });
});
