import type { AppendedEntry, EntryRecord, Replayable, Store } from '../ports/store.js';
import { sliceCodePoints } from '../rules/cut-text.js';
import { refuseReplay } from '../rules/refuse-replay.js';
import { refuseAppend } from '../rules/refuse-write.js';
import { scanRange } from '../rules/scan-range.js';
import type { MemoryState, StoredEntry } from './memory-state.js';

type EntryOperations = Pick<Store, 'appendEntry' | 'readEntries' | 'readBriefing'>;

export const memoryEntries = (state: MemoryState): EntryOperations => ({
  appendEntry: async (request) => {
    const session = state.session(request);
    const { idempotency, agent } = request;
    const earlier =
      idempotency && session.log.find((entry) => entry.agent === agent && entry.idempotency?.key === idempotency.key);
    if (idempotency !== undefined && earlier?.idempotency !== undefined) {
      const refusal = refuseReplay(earlier.idempotency, idempotency);
      if (refusal !== undefined) throw refusal;
      return appended(earlier, true);
    }
    const refusal = refuseAppend(state.observe(session.record), request, () => state.wasOwner(request, agent));
    if (refusal !== undefined) throw refusal;
    const entry: StoredEntry = {
      sequence: session.record.lastSequence + 1,
      contextType: request.contextType,
      agent,
      epoch: session.record.epoch,
      content: request.content,
      contentBytes: request.contentBytes,
      estimatedTokens: request.estimatedTokens,
      metadata: structuredClone(request.metadata),
      pinned: request.pinned,
      createdAtMs: state.now(),
      idempotency,
    };
    session.log.push(entry);
    state.changeSession(session, { lastSequence: entry.sequence, lastActivityAtMs: entry.createdAtMs });
    return appended(entry, false);
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

  readBriefing: async ({ pinnedLimit, newestLimit, maxContentLength, ...request }) => {
    const { log, record } = state.session(request);
    const uptoSequence = Math.min(request.uptoSequence ?? Infinity, record.lastSequence);
    const covered = log.slice(0, uptoSequence).toReversed();
    const read = (entries: readonly StoredEntry[]): EntryRecord[] =>
      entries.map((entry) => observed(entry, 0, maxContentLength));
    return {
      session: state.observe(record),
      uptoSequence,
      pinned: read(covered.filter(({ pinned }) => pinned).slice(0, pinnedLimit)),
      newest: read(covered.slice(0, newestLimit)),
      estimatedTokens: covered.reduce((sum, { estimatedTokens }) => sum + estimatedTokens, 0),
    };
  },
});

const appended = (
  { sequence, createdAtMs, contentBytes, estimatedTokens, epoch }: StoredEntry,
  replayed: boolean,
): Replayable<AppendedEntry> => ({ sequence, createdAtMs, contentBytes, estimatedTokens, epoch, replayed });

function observed(
  { idempotency: _idempotency, ...entry }: StoredEntry,
  offset: number,
  maxLength: number,
): EntryRecord {
  const { text, cut } = sliceCodePoints(entry.content, offset, maxLength);
  return { ...entry, content: text, contentCut: cut, metadata: structuredClone(entry.metadata) };
}
