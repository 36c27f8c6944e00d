import { z } from 'zod';
import { signalSchema, type RequestCaller } from '../calling/caller.js';
import type { Calls } from '../calling/calls.js';
import type { UseCaseRunner } from '../calling/run-use-case.js';
import { ContextStoreError } from '../errors.js';
import { contextTypes, contextTypeSchema, type ContextType, type Entry } from '../model/entry.js';
import { sessionKeySchema } from '../model/names.js';
import type { EntryPage, EntryRecord, ReadEntries, SessionRef, Store } from '../ports/store.js';
import { presentEntry } from '../rules/answers/present.js';
import { sessionNotFound } from '../rules/refusals/not-found.js';
import { parseInput } from '../use-cases/use-case.js';
import { createBackoff, isRetryable } from '../waiting/backoff.js';
import type { LogWatch } from '../waiting/log-watch.js';
import { runRead, streamCaller } from './stream-caller.js';

/** What `ContextStore.entries` reads. */
export interface EntriesOptions {
  /** The session whose log is read. */
  readonly sessionKey: string;
  /** The sequence after which to begin. Default: 0, the beginning of the log. */
  readonly afterSequence?: number | undefined;
  /** The types of the entries to read. Default: all types. */
  readonly types?: readonly ContextType[] | undefined;
  /** Whether to wait for further entries at the end of the log. Default: the loop ends there. */
  readonly follow?: boolean | undefined;
  /** Makes the loop reject with its reason when it aborts. The signal of the view does so too. */
  readonly signal?: AbortSignal | undefined;
}

const optionsSchema = z.strictObject({
  sessionKey: sessionKeySchema,
  afterSequence: z.int().min(0).default(0),
  types: z.array(contextTypeSchema).min(1).max(contextTypes.length).optional(),
  follow: z.boolean().default(false),
  signal: signalSchema,
} satisfies Record<keyof EntriesOptions, z.ZodType>);

type Asked = z.output<typeof optionsSchema>;

export interface EntriesParts {
  readonly store: Pick<Store, 'readEntries'>;
  readonly calls: Calls;
  readonly logWatch: LogWatch;
  readonly runner: Pick<UseCaseRunner, 'namespaceOf'>;
}

/** Most entries on a page, and most code points of a content there. Longer contents are read on, one by one. */
const pageSize = 100;
const pageContentLength = 16_384;
const restContentLength = 1_048_576;

/** Reads a log: see `ContextStore.entries`. @throws VALIDATION_ERROR at once if an option is wrong */
export function streamEntries(
  parts: EntriesParts,
  caller: RequestCaller,
  options: EntriesOptions,
): AsyncGenerator<Entry, void, void> {
  const asked = parseInput(optionsSchema, options, 'options');
  return read(parts, streamCaller(caller, asked.signal), asked);
}

async function* read(parts: EntriesParts, caller: RequestCaller, asked: Asked): AsyncGenerator<Entry, void, void> {
  const { sessionKey, follow, types } = asked;
  const { signal } = caller;
  const log: SessionRef = { namespace: parts.runner.namespaceOf(caller), sessionKey };
  const reader = new LogReader(parts, signal, log, types, asked.afterSequence);
  const watch = follow ? parts.logWatch.open(log) : undefined;
  const backoff = createBackoff([signal, parts.calls.closing]);
  try {
    for (;;) {
      try {
        yield* reader.readOn();
        backoff.reset();
      } catch (error) {
        if (watch === undefined || !isRetryable(error)) throw error;
        await backoff.pause(error);
        continue;
      }
      if (watch === undefined) return;
      await watch.change(signal);
    }
  } finally {
    watch?.close();
  }
}

/** Reads one log, and knows how far it has read. */
class LogReader {
  readonly #parts: EntriesParts;
  readonly #signal: AbortSignal | undefined;
  readonly #log: SessionRef;
  readonly #types: readonly ContextType[] | undefined;
  #reached: number;
  #uid: string | undefined;

  constructor(
    parts: EntriesParts,
    signal: AbortSignal | undefined,
    log: SessionRef,
    types: readonly ContextType[] | undefined,
    afterSequence: number,
  ) {
    this.#parts = parts;
    this.#signal = signal;
    this.#log = log;
    this.#types = types;
    this.#reached = afterSequence;
  }

  /** Reads to the end of the log. After an error, a further call goes on where this one ended. */
  async *readOn(): AsyncGenerator<Entry, void, void> {
    for (;;) {
      const page = await this.#readPage({ limit: pageSize, maxContentLength: pageContentLength });
      for (const record of page.entries) {
        const whole = record.contentCut ? await this.#readRest(record) : record;
        this.#signal?.throwIfAborted();
        this.#reached = record.sequence;
        yield presentEntry(whole, 0);
      }
      const isFull = page.entries.length === pageSize;
      if (!isFull) this.#reached = Math.max(this.#reached, page.scanned.last);
      if (this.#reached >= page.session.lastSequence) return;
    }
  }

  async #readRest(record: EntryRecord): Promise<EntryRecord> {
    const parts = [record.content];
    let contentOffset = codePointsIn(record.content);
    for (let isCut = true; isCut;) {
      const afterSequence = record.sequence - 1;
      const window = { afterSequence, limit: 1, contentOffset, maxContentLength: restContentLength };
      const [rest] = (await this.#readPage(window)).entries;
      if (rest === undefined) throw sessionNotFound(this.#log.sessionKey);
      parts.push(rest.content);
      contentOffset += codePointsIn(rest.content);
      isCut = rest.contentCut;
    }
    return { ...record, content: parts.join(''), contentCut: false };
  }

  async #readPage(window: Pick<ReadEntries, 'limit' | 'maxContentLength'> & Partial<ReadEntries>): Promise<EntryPage> {
    const page = await runRead(this.#parts.calls, this.#signal, (ending) =>
      this.#parts.store.readEntries(
        {
          ...this.#log,
          direction: 'ascending',
          afterSequence: this.#reached,
          types: this.#types,
          contentOffset: 0,
          ...window,
        },
        ending,
      ),
    );
    // A log that was deleted and begun again is another one.
    if (page.session.uid !== (this.#uid ??= page.session.uid)) throw sessionNotFound(this.#log.sessionKey);
    if (this.#reached > page.session.lastSequence) throw aheadOfLog(this.#log.sessionKey, page.session.lastSequence);
    return page;
  }
}

function codePointsIn(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** The log is shorter than what the caller has read of it: its database was restored from a backup. */
function aheadOfLog(sessionKey: string, lastSequence: number): ContextStoreError {
  const message = `the log of session ${sessionKey} ends at ${lastSequence}; begin at most there`;
  return new ContextStoreError('VALIDATION_ERROR', `afterSequence: ${message}.`, {
    issues: [{ path: 'afterSequence', message }],
    lastSequence,
  });
}
