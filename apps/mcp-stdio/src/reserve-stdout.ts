// oxlint-disable no-underscore-dangle -- Node.js names the internal methods of a stream with an underscore

import { Writable } from 'node:stream';

/** Standard output, reserved for the protocol. */
export interface ReservedStdout {
  readonly protocol: Writable;
  /** Passes everything else that is written to standard output to `print`. Default: it goes to standard error. */
  readonly divert: (print: (text: string) => void) => void;
}

/**
 * Reserves standard output for the protocol. From now on, what preloaded modules and libraries write there is diverted,
 * whether they use `console`, `process.stdout`, or a reference to one of its methods.
 */
export function reserveStdout(): ReservedStdout {
  const { stdout } = process;
  const write = stdout._write.bind(stdout);
  let print = (text: string): void => void process.stderr.write(text);
  stdout._write = (chunk, _encoding, done) => {
    print(String(chunk));
    done();
  };
  // Without `_writev`, the stream calls `_write` for each chunk.
  Object.assign(stdout, { _writev: null });
  return {
    protocol: new Writable({ decodeStrings: false, write }),
    divert: (elsewhere) => {
      print = elsewhere;
    },
  };
}
