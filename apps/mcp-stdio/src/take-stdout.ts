// oxlint-disable no-underscore-dangle -- Node.js names so what a stream is made of

import { Writable } from 'node:stream';

/** Standard output, which belongs to the protocol alone. */
export interface TakenStdout {
  readonly protocol: Writable;
  /** Takes what others print there, instead of standard error. */
  readonly divert: (print: (text: string) => void) => void;
}

/**
 * Keeps standard output for the protocol. What preloaded modules and libraries print there from now on goes elsewhere,
 * whichever way they do it: `console`, `process.stdout`, or a method of it that they got hold of before.
 */
export function takeStdout(): TakenStdout {
  const { stdout } = process;
  const write = stdout._write.bind(stdout);
  let print = (text: string): void => void process.stderr.write(text);
  stdout._write = (chunk, _encoding, done) => {
    print(String(chunk));
    done();
  };
  // Without it, a stream passes on one piece at a time.
  Object.assign(stdout, { _writev: null });
  return {
    protocol: new Writable({ decodeStrings: false, write }),
    divert: (elsewhere) => {
      print = elsewhere;
    },
  };
}
