import { setTimeout as sleep } from 'node:timers/promises';
import {
  ContextStoreError,
  isContextStoreError,
  limits,
  type ContextStore,
  type EntriesOptions,
  type Entry,
  type GetContextInput,
  type GetContextResult,
} from '@org/domain';
import { CommandError } from '../failure.js';

type GetContext = (input: GetContextInput) => Promise<GetContextResult>;

const pollMs = 1000;
const longestPauseMs = 10_000;

/**
 * Reads a log by `getContext` alone, as `ContextStore.entries` does: each entry whole, and further ones if asked to. Then
 * it survives errors that a retry may solve.
 */
export async function* followEntries(
  getContext: GetContext,
  { sessionKey, afterSequence = 0, types, follow = false, signal }: EntriesOptions,
): ReturnType<ContextStore['entries']> {
  let reached = afterSequence;
  let pauseMs = pollMs;
  for (;;) {
    signal?.throwIfAborted();
    try {
      for await (const entry of readOn(getContext, { sessionKey, types, afterSequence: reached })) {
        yield entry;
        reached = entry.sequence;
      }
      pauseMs = pollMs;
    } catch (error) {
      if (!follow || !mayPass(error)) throw error;
      pauseMs = Math.min(longestPauseMs, 2 * pauseMs);
    }
    if (!follow) return;
    await sleep(pauseMs, undefined, { signal });
  }
}

/** Whether a later call may succeed: a server that restarts is away for a while. */
const mayPass = (error: unknown): boolean =>
  error instanceof CommandError ? error.ending === 'unreachable' : isContextStoreError(error) && error.retryable;

async function* readOn(getContext: GetContext, start: GetContextInput & { sessionKey: string }): AsyncGenerator<Entry> {
  const { sessionKey, types, afterSequence = 0 } = start;
  let cursor: string | undefined;
  do {
    const position = cursor === undefined ? { afterSequence } : { cursor };
    const page = await getContext({
      sessionKey,
      types,
      ...position,
      limit: limits.pageSize,
      maxTokens: limits.maxTokens,
    });
    if (page.lastSequence < afterSequence) throw beganAgain(sessionKey);
    for (const entry of page.entries) yield isCut(entry) ? await readWhole(getContext, sessionKey, entry) : entry;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}

const isCut = ({ truncated, metadataOmitted }: Entry): boolean => truncated === true || metadataOmitted === true;

async function readWhole(getContext: GetContext, sessionKey: string, cut: Entry): Promise<Entry> {
  const readPart = async (contentOffset: number): Promise<Entry> => {
    const window = { afterSequence: cut.sequence - 1, limit: 1, contentOffset, maxTokens: limits.maxTokens };
    const [part] = (await getContext({ sessionKey, ...window })).entries;
    if (part?.sequence !== cut.sequence) throw beganAgain(sessionKey);
    return part;
  };
  const { truncated: _, nextContentOffset: firstOffset, ...first } = await readPart(0);
  let content = first.content;
  for (let offset = firstOffset; offset !== undefined;) {
    const part = await readPart(offset);
    content += part.content;
    offset = part.nextContentOffset;
  }
  return { ...first, content };
}

/** The log is shorter than what was read of it: it was deleted, or its database was restored. */
const beganAgain = (sessionKey: string): ContextStoreError =>
  new ContextStoreError(
    'SESSION_NOT_FOUND',
    `Session ${sessionKey} was deleted or restored meanwhile. Run the command again.`,
    {
      sessionKey,
    },
  );
