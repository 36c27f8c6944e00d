import { once } from 'node:events';
import type { OutputOptions } from '../command-options.js';
import { createScreen, type OutputStream, type Screen } from './screen.js';
import { oneLine, visibleJson } from './visible.js';

/** The standard output. Each method resolves when the reader keeps up. */
export interface Output {
  /** Prints the answer of a command: one JSON document under `--json`, or else what `render` returns. */
  readonly answer: (options: OutputOptions, answer: object, render: (screen: Screen) => string) => Promise<void>;
  /** Prints one record of a stream: one line of JSON under `--json`, or else what `render` returns. */
  readonly record: (options: OutputOptions, record: object, render: (screen: Screen) => string) => Promise<void>;
  /** Prints the answer of a command that changed something: JSON, or one line that says what was done where. */
  readonly done: (options: OutputOptions, answer: object, place: string, done: string) => Promise<void>;
  /** Writes a text as it is. */
  readonly write: (text: string) => Promise<void>;
}

export function createOutput(stream: OutputStream): Output {
  const write = async (text: string): Promise<void> => {
    if (!stream.write(text)) await once(stream, 'drain');
  };
  const print =
    (indent?: number): Output['answer'] =>
    (options, answer, render) => {
      const text =
        options.json === true ? visibleJson(answer, indent) : render(createScreen(stream, options, Date.now()));
      return text === '' ? Promise.resolve() : write(`${text}\n`);
    };
  const answer = print(2);
  return {
    answer,
    record: print(),
    done: (options, result, place, done) => answer(options, result, () => oneLine(`context-store: ${place}: ${done}`)),
    write,
  };
}
