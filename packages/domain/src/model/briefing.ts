import { z } from 'zod';
import { entrySchema } from './entry.js';

/** What a resuming agent reads first. The whole of it, serialised as JSON, stays within the token budget asked for. */
export const briefingSchema = z.strictObject({
  /** Where the session stands, instructions, summary, and how to read on. Never repeats `entries`. */
  text: z.string(),
  /** Pinned entries and the newest ones that fit, each once, by ascending sequence. */
  entries: z.array(entrySchema),
  /** Pinned entries that did not fit, newest first. */
  pinnedOmitted: z.array(z.strictObject({ sequence: z.int(), preview: z.string() })).optional(),
  /**
   * What the log holds up to `uptoSequence` that is not shown in full. `pinned`: pins that are
   * not even in `pinnedOmitted`, repetitions of a pin that is shown among them.
   */
  omitted: z.strictObject({ entries: z.int(), estimatedTokens: z.int(), pinned: z.int().optional() }),
  /** Of this briefing as JSON. */
  estimatedTokens: z.int(),
  /** The newest entry that the briefing covers. */
  uptoSequence: z.int(),
  /** How many entries were appended after `uptoSequence`. */
  newSince: z.int(),
  /** For `getContext`: goes on with what lies before the newest entries shown. Absent when nothing does. */
  nextCursor: z.string().optional(),
});
export type Briefing = z.infer<typeof briefingSchema>;
