import type { Briefing } from '../../model/briefing.js';
import type { Entry } from '../../model/entry.js';
import type { BriefingSource, EntryRecord, HandoffRecord, ReadBriefing } from '../../ports/store.js';
import { briefingText } from './briefing-text.js';
import { contextCursors } from '../cursors/context-cursor.js';
import { cutToJsonBytes, previewOf } from '../text/cut-text.js';
import { bytesWithin, estimateTokens } from '../text/estimate-tokens.js';
import { digits, fitEntry, jsonBytes } from '../answers/fit-entry.js';
import { presentEntry } from '../answers/present.js';

/** Shares of a briefing's budget. Text and pins are bounded, so that there is always room for the newest entries. */
const textShare = 0.4;
const pinnedShare = 0.5;
const pinnedOmittedShare = 0.1;
const entryShare = 0.25;

const smallestEntryBytes = 130;
const pinnedPreviewLength = 60;

/** A briefing shows at most four entries that are cut to their share. Each leaves less than this of its share unused. */
const unusedBytes = 4 * 100;

/** Returns how much to read for a briefing of this budget. More would not fit, however small the entries are. */
export function briefingReadLimits(
  maxTokens: number,
): Pick<ReadBriefing, 'newestLimit' | 'pinnedLimit' | 'maxContentLength' | 'enoughBytes'> {
  const budget = bytesWithin(maxTokens);
  const holds = Math.ceil(budget / smallestEntryBytes);
  const each = Math.ceil(budget * entryShare);
  return {
    newestLimit: Math.min(400, holds),
    pinnedLimit: Math.max(200, Math.min(1000, holds)),
    maxContentLength: Math.ceil(budget * pinnedShare),
    // The last entry is cut to what is left, and counts its share. Pins after it, which are shown already, move the cursor.
    enoughBytes: { total: budget + each + unusedBytes, each },
  };
}

/**
 * Composes what a resuming agent reads first. Deterministic: it uses neither a clock nor a model. The whole briefing as
 * JSON takes at most `budget` bytes, whatever the log holds.
 */
export function composeBriefing(source: BriefingSource, budget: number, handoff?: HandoffRecord): Briefing {
  const text = briefingText(source, handoff, budget * textShare);
  const shell = assemble(source, { text, shown: [], pinnedOmitted: [], boundary: source.uptoSequence + 1 }, budget);
  let left = budget - jsonBytes(shell);

  const pinned = takePinned(source.pinned, Math.min(left, budget * pinnedShare));
  left -= pinned.bytes;
  const omitted = takePreviews(pinned.omitted, Math.min(left, budget * pinnedOmittedShare));
  left -= omitted.bytes;
  const newest = takeNewest(
    source.newest,
    new Set(pinned.entries.map(({ sequence }) => sequence)),
    left,
    budget * entryShare,
  );

  const shown = [...pinned.entries, ...newest.entries].toSorted((a, b) => a.sequence - b.sequence);
  const shownSequences = new Set(shown.map(({ sequence }) => sequence));
  const pinnedOmitted = omitted.previews.filter(({ sequence }) => !shownSequences.has(sequence));
  const boundary = newest.boundary ?? source.uptoSequence + 1;
  return withinBudget(assemble(source, { text, shown, pinnedOmitted, boundary }, budget), budget);
}

interface Parts {
  readonly text: string;
  readonly shown: Entry[];
  readonly pinnedOmitted: NonNullable<Briefing['pinnedOmitted']>;
  /** The sequence of the oldest of the newest entries shown. */
  readonly boundary: number;
}

/** Sets `estimatedTokens` to the budget, which has at least as many digits as the true value that replaces it. */
function assemble(source: BriefingSource, { text, shown, pinnedOmitted, boundary }: Parts, budget: number): Briefing {
  const { session, uptoSequence } = source;
  const hiddenPins = source.pinnedCount - pinnedOmitted.length - shown.filter(({ pinned }) => pinned).length;
  const shownTokens = shown.reduce((sum, entry) => sum + shownTokensOf(entry), 0);
  return {
    text,
    entries: shown,
    ...(pinnedOmitted.length > 0 && { pinnedOmitted }),
    omitted: {
      entries: uptoSequence - shown.length,
      estimatedTokens: Math.max(0, source.estimatedTokens - shownTokens),
      ...(hiddenPins > 0 && { pinned: hiddenPins }),
    },
    estimatedTokens: budget,
    uptoSequence,
    newSince: session.lastSequence - uptoSequence,
    ...(boundary > 1 && {
      nextCursor: contextCursors.encode(session, { order: 'tail', boundary, floor: 0, types: undefined }),
    }),
  };
}

const shownTokensOf = (entry: Entry): number =>
  entry.truncated ? estimateTokens(Buffer.byteLength(entry.content)) : entry.estimatedTokens;

/**
 * Takes the newest pins that fit whole: a cut pin could lose the fact for which it was pinned. Skips a pin whose text
 * is shown already, because agents pin again what they were given.
 */
function takePinned(
  pinned: readonly EntryRecord[],
  room: number,
): { entries: Entry[]; omitted: EntryRecord[]; bytes: number } {
  const entries: Entry[] = [];
  const omitted: EntryRecord[] = [];
  const shown = new Set<string>();
  let bytes = 0;
  for (const record of pinned) {
    if (!record.contentCut && shown.has(record.content)) continue;
    const entry = presentEntry(record, 0);
    const cost = jsonBytes(entry) + 1;
    if (record.contentCut || bytes + cost > room) {
      omitted.push(record);
    } else {
      entries.push(entry);
      shown.add(record.content);
      bytes += cost;
    }
  }
  return { entries, omitted, bytes };
}

function takePreviews(
  records: readonly EntryRecord[],
  room: number,
): { previews: Parts['pinnedOmitted']; bytes: number } {
  const previews: Parts['pinnedOmitted'] = [];
  let bytes = '"pinnedOmitted":[],'.length;
  for (const { sequence, content } of records) {
    const preview = { sequence, preview: previewOf(content, pinnedPreviewLength) };
    const cost = jsonBytes(preview) + 1;
    if (bytes + cost > room) break;
    previews.push(preview);
    bytes += cost;
  }
  return { previews, bytes: previews.length === 0 ? 0 : bytes };
}

/** Takes the newest entries without a gap, so that one cursor leads to everything before them. */
function takeNewest(
  newest: readonly EntryRecord[],
  alreadyShown: ReadonlySet<number>,
  room: number,
  perEntry: number,
): { entries: Entry[]; boundary: number | undefined } {
  const entries: Entry[] = [];
  let boundary: number | undefined;
  let left = room;
  for (const record of newest) {
    if (!alreadyShown.has(record.sequence)) {
      const fitted = fitEntry(presentEntry(record, 0), Math.min(perEntry, left - 1));
      if (fitted === undefined) break;
      entries.push(fitted.entry);
      left -= fitted.bytes + 1;
    }
    boundary = record.sequence;
  }
  return { entries, boundary };
}

/** Sets the true cost. Cuts the text if needed: only the longest possible names in the smallest budget need that. */
function withinBudget(briefing: Briefing, budget: number): Briefing {
  let bytes = jsonBytes(briefing);
  const excess = bytes - budget;
  if (excess > 0) {
    const textBytes = jsonBytes(briefing.text) - 2;
    briefing.text = cutToJsonBytes(briefing.text, Math.max(0, textBytes - excess)).text;
    bytes = jsonBytes(briefing);
  }
  // The number counts its own digits: it starts at the budget, and falls until it is true.
  const otherBytes = bytes - digits(briefing.estimatedTokens);
  for (let counted = -1; counted !== briefing.estimatedTokens;) {
    counted = briefing.estimatedTokens;
    briefing.estimatedTokens = estimateTokens(otherBytes + digits(counted));
  }
  return briefing;
}
