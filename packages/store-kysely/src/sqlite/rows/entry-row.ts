import type { EntryRecord, JsonObject } from '@org/domain';
import { sql, type AliasedRawBuilder, type RawBuilder, type Selectable } from 'kysely';
import type { ContextHistoryTable } from '../schema/tables.js';

const storedColumns = [
  'sequence',
  'context_type',
  'agent',
  'epoch',
  'pinned',
  'created_at',
  'content_bytes',
  'estimated_tokens',
  'metadata',
] as const;

/** What is read of an entry. */
export type EntryRow = Pick<Selectable<ContextHistoryTable>, (typeof storedColumns)[number]> & {
  readonly content: string;
  readonly content_cut: 0 | 1;
};

type EntryColumn =
  | (typeof storedColumns)[number]
  | AliasedRawBuilder<string, 'content'>
  | AliasedRawBuilder<0 | 1, 'content_cut'>;

/**
 * What to select of entries: their content from `offset` on, cut to `maxLength` code points. No text has more code points
 * than bytes, so most texts need no counting.
 */
export function entryColumns(offset: RawBuilder<number>, maxLength: RawBuilder<number>): readonly EntryColumn[] {
  const isWhole = sql`${offset} = 0 and content_bytes <= ${maxLength}`;
  const end = sql`${offset} + ${maxLength}`;
  return [
    ...storedColumns,
    sql<string>`iif(${isWhole}, content, substr(content, ${offset} + 1, ${maxLength}))`.as('content'),
    sql<0 | 1>`content_bytes > ${end} and length(content) > ${end}`.as('content_cut'),
  ];
}

export function entryRecord(row: EntryRow): EntryRecord {
  return {
    sequence: row.sequence,
    contextType: row.context_type,
    agent: row.agent,
    epoch: row.epoch,
    pinned: row.pinned === 1,
    createdAtMs: row.created_at,
    content: row.content,
    contentCut: row.content_cut === 1,
    contentBytes: row.content_bytes,
    estimatedTokens: row.estimated_tokens,
    metadata: JSON.parse(row.metadata) as JsonObject,
  };
}
