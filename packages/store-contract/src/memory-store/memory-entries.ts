import {
  logPages,
  ownerWroteAt,
  refuseAppend,
  refuseMark,
  refuseReplay,
  renewedLease,
  scanRange,
  sliceCodePoints,
  takeOverNotice,
  type AppendAnswer,
  type AppendedEntry,
  type EntryRecord,
  type Store,
} from '@org/domain';
import type { MemoryState, StoredEntry } from './memory-state.js';

type EntryOperations = Pick<
  Store,
  'appendEntry' | 'readEntries' | 'readTail' | 'readLogEnd' | 'markRead' | 'readBriefing'
>;

export const memoryEntries = (state: MemoryState): EntryOperations => ({
  appendEntry: async (request) => {
    const session = state.session(request);
    const { idempotency, agent } = request;
    const earlier =
      idempotency && session.log.find((entry) => entry.agent === agent && entry.idempotency?.key === idempotency.key);
    if (idempotency !== undefined && earlier?.idempotency !== undefined) {
      const refusal = refuseReplay(earlier.idempotency, idempotency);
      if (refusal !== undefined) throw refusal;
      return { ...appendedEntry(earlier), replayed: true };
    }
    const refusal = refuseAppend(state.observe(session.record), request);
    if (refusal !== undefined) throw refusal;
    const entry = state.appendEntry(session, { ...request, metadata: structuredClone(request.metadata) });
    const isByOwner = agent === session.record.owner;
    const current = state.touchSession(session, {
      lease: renewedLease(session.record, agent, entry.createdAtMs),
      ownerWroteAtMs: ownerWroteAt(session.record, agent, entry.createdAtMs),
      ...(isByOwner && { ownerLastSequence: entry.sequence }),
    });
    const takeOver = takeOverNotice(current);
    const answer: AppendAnswer = { ...appendedEntry(entry), ...(takeOver !== undefined && { takeOver }) };
    return { ...answer, replayed: false };
  },

  readEntries: async (request) => {
    const { log, record } = state.session(request);
    const scanned = scanRange(request, record.lastSequence);
    const range = log.slice(scanned.first - 1, Math.max(0, scanned.last));
    const entries = (request.direction === 'ascending' ? range : range.toReversed())
      .filter(({ contextType }) => request.types === undefined || request.types.includes(contextType))
      .slice(0, request.limit)
      .map((entry) => observed(entry, request.contentOffset, request.maxContentLength));
    return { session: state.observe(record), entries, scanned };
  },

  readTail: async (request) => {
    const { log, record } = state.session(request);
    const scanned = scanRange(request, record.lastSequence);
    const { pageEnds, tail } = logPages(scanned, record.lastSequence, request.pageSize);
    return {
      session: state.observe(record),
      scanned,
      pageEnds: log.filter(({ sequence }) => pageEnds.includes(sequence)).map(appendedEntry),
      entries: log
        .slice(tail.first - 1, Math.max(0, tail.last))
        .map((entry) => observed(entry, 0, request.maxContentLength)),
    };
  },

  readLogEnd: async (request) => {
    const { log, record } = state.session(request);
    const last = log.at(-1);
    return { session: state.observe(record), lastAppend: last && appendedEntry(last) };
  },

  markRead: async ({ agent, sequence, ...ref }) => {
    const { marks, record } = state.session(ref);
    const { lastSequence } = record;
    if (sequence === undefined) return { sequence: marks.get(agent) ?? 0, lastSequence };
    const refusal = refuseMark(sequence, record);
    if (refusal !== undefined) throw refusal;
    marks.set(agent, sequence);
    return { sequence, lastSequence };
  },

  readBriefing: async ({ pinnedLimit, newestLimit, maxContentLength, ...request }) => {
    const { log, record } = state.session(request);
    const uptoSequence = Math.min(request.uptoSequence ?? Infinity, record.lastSequence);
    const covered = log.slice(0, uptoSequence).toReversed();
    const allPinned = covered.filter(({ pinned }) => pinned);
    const read = (entries: readonly StoredEntry[]): EntryRecord[] =>
      entries.map((entry) => observed(entry, 0, maxContentLength));
    return {
      session: state.observe(record),
      uptoSequence,
      pinned: read(allPinned.slice(0, pinnedLimit)),
      pinnedCount: allPinned.length,
      newest: read(covered.slice(0, newestLimit)),
      estimatedTokens: covered.reduce((sum, { estimatedTokens }) => sum + estimatedTokens, 0),
    };
  },
});

const appendedEntry = ({
  sequence,
  createdAtMs,
  contentBytes,
  estimatedTokens,
  epoch,
}: StoredEntry): AppendedEntry => ({ sequence, createdAtMs, contentBytes, estimatedTokens, epoch });

function observed(
  { idempotency: _idempotency, ...entry }: StoredEntry,
  offset: number,
  maxLength: number,
): EntryRecord {
  const { text, cut } = sliceCodePoints(entry.content, offset, maxLength);
  return { ...entry, content: text, contentCut: cut, metadata: structuredClone(entry.metadata) };
}
