import type { ContextType, EntryRecord, JsonObject } from '@org/domain';
import { expressionBuilder, sql, type Nullable, type RawBuilder, type Selection } from 'kysely';
import type { Tables } from '../schema/tables.js';
import { epochMs } from '../statements/clock.js';
import { cast } from '../statements/expressions.js';

const entry = expressionBuilder<Tables, 'context_history'>();

/**
 * What to select of entries: their content from `offset` on, cut to `maxLength` code points. No text has more code points
 * than bytes, so most texts need no counting.
 */
export function entryColumns(offset: RawBuilder<number>, maxLength: RawBuilder<number>) {
  const [start, length] = [cast(offset, 'integer'), cast(maxLength, 'integer')];
  const end = sql`${start} + ${length}`;
  const [content, bytes] = [entry.ref('content'), entry.ref('content_bytes')];
  const part = sql`substr(${content}, ${start} + 1, ${length})`;
  return [
    'sequence',
    'context_type',
    'agent',
    'epoch',
    'pinned',
    epochMs(entry.ref('created_at')).as('created_at'),
    'content_bytes',
    'estimated_tokens',
    'metadata',
    sql<string>`case when ${start} = 0 and ${bytes} <= ${length} then ${content} else ${part} end`.as('content'),
    sql<boolean>`${bytes} > ${end} and length(${content}) > ${end}`.as('content_cut'),
  ] as const;
}

export type EntryRow = Selection<Tables, 'context_history', ReturnType<typeof entryColumns>[number]>;

/** Selects null for each column of an entry, in their order: the part of a union that holds no entries. */
export const noEntryColumns = [
  sql<number | null>`null::bigint`.as('sequence'),
  sql<ContextType | null>`null::text`.as('context_type'),
  sql<string | null>`null::text`.as('agent'),
  sql<number | null>`null::integer`.as('epoch'),
  sql<boolean | null>`null::boolean`.as('pinned'),
  sql<number | null>`null::bigint`.as('created_at'),
  sql<number | null>`null::bigint`.as('content_bytes'),
  sql<number | null>`null::bigint`.as('estimated_tokens'),
  sql<JsonObject | null>`null::json`.as('metadata'),
  sql<string | null>`null::text`.as('content'),
  sql<boolean | null>`null::boolean`.as('content_cut'),
] as const;

/** Whether a row of a union holds an entry, with its content. */
export const isEntry = <Row extends Nullable<EntryRow>>(row: Row): row is Row & EntryRow => row.content !== null;

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
