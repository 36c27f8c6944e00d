import { z } from 'zod';
import { entrySchema } from './entry.js';

/** What a resuming agent reads first. The whole briefing, as JSON, stays within the requested token budget. */
export const briefingSchema = z.strictObject({
  /** The session's state, instructions, summary, and how to read on. Never repeats `entries`. */
  text: z.string(),
  /** Pinned entries and the newest ones that fit, each once, by ascending sequence. */
  entries: z.array(entrySchema),
  /** Pinned entries that did not fit, newest first. */
  pinnedOmitted: z
    .array(
      z.strictObject({
        /** Its sequence: `getContext` with `afterSequence` one less and `limit: 1` reads it. */
        sequence: z.int(),
        /** Its beginning, on one line. */
        preview: z.string(),
      }),
    )
    .optional(),
  /**
   * What is not shown of the log up to `uptoSequence`. `pinned` counts the pins that are in neither `entries` nor
   * `pinnedOmitted`; repetitions of a shown pin are among them.
   */
  omitted: z.strictObject({
    /** How many entries. */
    entries: z.int(),
    /** Their estimated tokens. */
    estimatedTokens: z.int(),
    /** How many of them are pinned. Absent if none is. */
    pinned: z.int().optional(),
  }),
  /** Estimated tokens of this briefing as JSON. */
  estimatedTokens: z.int(),
  /** The sequence of the newest entry that the briefing covers. */
  uptoSequence: z.int(),
  /** How many entries were appended after `uptoSequence`. */
  newSince: z.int(),
  /** For `getContext`: reads the entries before the newest ones shown. Absent if there are none. */
  nextCursor: z.string().optional(),
});
export type { Briefing } from './records.js';
