import type { ContextType, EntryRecord, JsonObject } from '@org/domain';
import { sql, type RawBuilder } from 'kysely';
import { epochMs } from '../statements/clock.js';

/** What is read of an entry: {@link entryColumns}. */
export interface EntryRow {
  readonly sequence: number;
  readonly context_type: ContextType;
  readonly agent: string;
  readonly epoch: number;
  readonly pinned: boolean;
  readonly created_at: number;
  readonly content_bytes: number;
  readonly estimated_tokens: number;
  readonly metadata: JsonObject;
  readonly content: string;
  readonly content_cut: boolean;
}

/**
 * What to select of entries: their content from `offset` on, cut to `maxLength` code points. No text has more code points
 * than bytes, so that most need no counting.
 */
export function entryColumns(offset: RawBuilder<number>, maxLength: RawBuilder<number>): RawBuilder<EntryRow> {
  const end = sql`${offset}::integer + ${maxLength}::integer`;
  return sql`
    sequence, context_type, agent, epoch, pinned, ${epochMs(sql`created_at`)} as created_at, content_bytes,
    estimated_tokens, metadata,
    case when ${offset}::integer = 0 and content_bytes <= ${maxLength}::integer then content
      else substr(content, ${offset}::integer + 1, ${maxLength}::integer) end as content,
    content_bytes > ${end} and length(content) > ${end} as content_cut`;
}

export const entryRecord = (row: EntryRow): EntryRecord => ({
  sequence: row.sequence,
  contextType: row.context_type,
  agent: row.agent,
  epoch: row.epoch,
  pinned: row.pinned,
  createdAtMs: row.created_at,
  content: row.content,
  contentCut: row.content_cut,
  contentBytes: row.content_bytes,
  estimatedTokens: row.estimated_tokens,
  metadata: row.metadata,
});
