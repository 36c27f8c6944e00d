import {
  bytesPerToken,
  takenBy,
  takeOverTexts,
  type TakeOverMove,
  type TakeOverTexts,
  type Writers,
} from '@org/domain';
import { sql, type Expression, type RawBuilder } from 'kysely';
import type { Placeholders } from '../../prepared-query.js';
import { isWithinTtl } from '../rows/session-row.js';
import type { SessionsTable } from '../schema/tables.js';
import { insertInto, update } from '../statements/changes.js';
import { cast, selectionList } from '../statements/expressions.js';
import { newOwner } from './move-ownership.js';

/** The arguments of a statement that takes a session over. */
export interface TakeOverArguments extends Writers, TakeOverTexts {
  /** The new owner. */
  readonly to: string;
  /** What the metadata of the entry says apart from what is known of the former owner, as JSON. */
  readonly metadata: string;
}

export const takeOverArguments = (move: TakeOverMove): TakeOverTexts & Pick<TakeOverArguments, 'to' | 'metadata'> => ({
  ...takeOverTexts(move),
  to: move.to,
  metadata: JSON.stringify({ from: move.from, by: takenBy(move), handoffId: move.handoffId }),
});

/**
 * The parts of a statement in which a session's log gets the entry of a take-over: see `takeOverEntry` in the domain.
 * The former owner may write until the session's row is locked, so the statement itself puts the text together.
 *
 * It is followed by {@link takeOwnership}. `entry` has a row if ownership moves: all of `taken`, and what both write.
 *
 * @param taken the name of a row with {@link takenColumns}, `session_id` and `now`
 */
export const takeOverEntry = (p: Placeholders<TakeOverArguments>, taken: string): RawBuilder<unknown> => sql`
  worded as materialized (
    select taken.*, to_char(owner_wrote_at at time zone 'UTC', ${sql.lit('YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')}) as wrote_at
    from ${sql.table(taken)} as taken
  ), told as materialized (
    select worded.*, ${cast(p.opening, 'text')} || case
      when wrote_at is null then ${cast(p.silent, 'text')}
      when owner_last_sequence is null then ${cast(p.wroteAt, 'text')} || wrote_at || ${cast(p.noEntry, 'text')}
      else ${cast(p.wroteAt, 'text')} || wrote_at || ${cast(p.entry, 'text')} || owner_last_sequence || ${cast(p.end, 'text')}
    end as content from worded
  ), entry as materialized (
    select told.*, epoch + 1 as new_epoch, last_sequence + 1 as sequence, octet_length(content)::bigint as bytes,
      ceil(octet_length(content) / ${sql.lit(bytesPerToken)})::bigint as tokens
    from told
  ), written as (
    ${insertInto('context_history', {
      session_id: sql`session_id`,
      sequence: sql`sequence`,
      context_type: sql.lit('system'),
      agent: p.to,
      epoch: sql`new_epoch`,
      pinned: sql.lit(false),
      created_at: sql`now`,
      content_bytes: sql`bytes`,
      estimated_tokens: sql`tokens`,
      tokens_before: sql`estimated_tokens`,
      pinned_before: sql`pinned_count`,
      metadata: sql`json_build_object('takeOver', json_strip_nulls(
        (${p.metadata}::jsonb || jsonb_build_object('lastSequence', owner_last_sequence, 'lastWroteAt', wrote_at))::json
      ))`,
      content: sql`content`,
    })}
    from entry
  )`;

/** The columns of a session that {@link takeOverEntry} and {@link takeOwnership} need. */
export const takenColumns: RawBuilder<unknown> = selectionList([
  'session.epoch',
  'session.owner_wrote_at',
  'session.owner_last_sequence',
  'session.last_sequence',
  'session.estimated_tokens',
  'session.pinned_count',
] satisfies `session.${keyof SessionsTable}`[]);

/**
 * The update that makes another agent the owner. An expired session stays expired.
 *
 * @param owner what is known of the new owner's writes
 */
export const takeOwnership = (
  p: Placeholders<TakeOverArguments>,
  owner: { readonly [Column in 'owner_wrote_at' | 'owner_last_sequence']: Expression<unknown> },
): RawBuilder<unknown> => sql`
  ${update('sessions', {
    ...newOwner,
    ...owner,
    owner: p.to,
    participants: cast(p.participants, 'text[]'),
    former_owners: cast(p.formerOwners, 'text[]'),
    former_participants: cast(p.formerParticipants, 'text[]'),
    epoch: sql`entry.new_epoch`,
    version: sql`sessions.version + 1`,
    updated_at: sql`greatest(sessions.updated_at, entry.now)`,
    last_activity_at: sql`case
      when sessions.state <> 'active' or ${isWithinTtl('sessions', sql`entry.now`)}
      then greatest(sessions.last_activity_at, entry.now) else sessions.last_activity_at end`,
    last_sequence: sql`entry.sequence`,
    content_bytes: sql`sessions.content_bytes + entry.bytes`,
    estimated_tokens: sql`sessions.estimated_tokens + entry.tokens`,
    taken_over_at: sql`entry.now`,
  } satisfies Partial<Record<keyof SessionsTable, unknown>>)}
  from entry where sessions.id = entry.session_id`;
