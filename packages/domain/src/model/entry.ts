import { z } from 'zod';
import { agentSchema } from './names.js';

/** What an entry may record. */
export const contextTypes = ['message', 'file', 'tool_call', 'system'] as const;
export const contextTypeSchema = z.enum(contextTypes);
/** What kind of thing an entry records. */
export type ContextType = (typeof contextTypes)[number];

/** One immutable entry of a session's log, as callers see it. */
export const entrySchema = z.strictObject({
  /** 1, 2, 3 … in each session, without gaps. */
  sequence: z.int().min(1),
  /** What kind of thing was recorded. */
  contextType: contextTypeSchema,
  /** The agent that wrote it. */
  agent: agentSchema,
  /** The content, or the part of it that was asked for and fits. */
  content: z.string(),
  /** Present if more content follows. */
  truncated: z.literal(true).optional(),
  /** Where the rest begins, in characters (Unicode code points). Pass it as `contentOffset` with `limit: 1`. */
  nextContentOffset: z.int().optional(),
  /** UTF-8 bytes of the whole content. */
  contentBytes: z.int(),
  /** Estimated tokens of the whole content. */
  estimatedTokens: z.int(),
  /** Data for programs, as the agent wrote it. */
  metadata: z.record(z.string(), z.unknown()),
  /** Present if `metadata` does not fit and is shown empty. `limit: 1` and more `maxTokens` show it. */
  metadataOmitted: z.literal(true).optional(),
  /** Present if it comes first in every briefing. */
  pinned: z.literal(true).optional(),
  /** When it was appended. ISO 8601 in UTC. */
  createdAt: z.iso.datetime(),
});
export type { Entry } from './records.js';
