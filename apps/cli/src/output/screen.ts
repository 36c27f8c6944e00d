import { styleText } from 'node:util';
import type { Writable } from 'node:stream';
import type { OutputOptions } from '../command-options.js';
import { relativeTime } from './time.js';

/** A stream that may be a terminal. */
export type OutputStream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** The style of a part of the output. */
export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'cyan';

/** What commands know of the place where their output is read. */
export interface Screen {
  /** How many columns a line may have. Undefined if the output is no terminal: then lines are as long as they are. */
  readonly columns: number | undefined;
  /** Styles a text that is safe already, unless NO_COLOR, FORCE_COLOR or the stream says otherwise. */
  readonly style: (style: Style, text: string) => string;
  /** Writes a time: relative to now on a terminal, or else as it is. */
  readonly time: (iso: string) => string;
}

/** No terminal is read with fewer columns. */
const fewestColumns = 40;

export function createScreen(stream: OutputStream, { absolute }: OutputOptions, nowMs: number): Screen {
  const isTerminal = stream.isTTY === true;
  return {
    columns: isTerminal ? Math.max(fewestColumns, stream.columns ?? 80) : undefined,
    style: (style, text) => styleText(style, text, { stream }),
    time: (iso) => (isTerminal && absolute !== true ? relativeTime(iso, nowMs) : iso),
  };
}
