import type { AppendEntry, TakeOverNotice } from '@org/domain';
import { expressionBuilder, sql, type RawBuilder } from 'kysely';
import type { Placeholders } from '../../prepared-query.js';
import { isRenewable } from '../leases/renew-lease.js';
import { isLapsed, isWithinTtl, renewedLease, sessionByKey } from '../rows/session-row.js';
import type { ContextHistoryTable, SessionsTable } from '../schema/tables.js';
import { insertInto, update } from '../statements/changes.js';
import { clock, epochMs, type ClockArguments, type Clocked } from '../statements/clock.js';
import { commitDurably } from '../statements/commit-durably.js';
import type { Database, Run } from '../statements/database.js';
import { selectionList } from '../statements/expressions.js';
import { statement } from '../statements/query-builder.js';

/** An entry, as it was appended now or by an earlier try. */
export interface AppendedRow {
  /** 1, 2, 3 … in the order of the requests. */
  readonly ordinal: number;
  readonly sequence: number;
  readonly created_at: number;
  readonly epoch: number;
  readonly content_bytes: number;
  readonly estimated_tokens: number;
  /** The request hash of the earlier try. Null if there was none. */
  readonly recorded_hash: string | null;
  /** The pending request to take the session over. Null if there is none, or the entry was there before. */
  readonly take_over: TakeOverNotice | null;
}

/**
 * Appends a batch of entries, to any number of sessions, by one statement. An entry that the rules refuse has no row in
 * the answer; the caller then reads why. In a batch of several sessions, an entry of a locked session has no row either,
 * so that the other sessions do not wait for the lock.
 *
 * An append with an `expectedSequence` must be the only append to its session in a batch. A batch must not hold an agent's
 * idempotency key twice for one session.
 */
export type AppendEntries = (requests: readonly AppendEntry[]) => Promise<AppendedRow[]>;

/** The unique index that concurrent tries of one append violate. */
export const appendedOnce = 'context_history_idempotency';

/**
 * Looks up idempotency keys only if the batch has some. Skips locked sessions only if the batch has several sessions. An
 * entry that is alone takes another statement, without arrays and sums. The server needs a third less time for it.
 */
export function prepareAppendEntries(database: Database): AppendEntries {
  const appendAlone = prepareAppendAlone(database);
  const one = {
    append: prepareStatement(database, 'append_entries', { isOnce: false, waits: true }),
    appendOnce: prepareStatement(database, 'append_entries_once', { isOnce: true, waits: true }),
  };
  const several = {
    append: prepareStatement(database, 'append_entries_of_several', { isOnce: false, waits: false }),
    appendOnce: prepareStatement(database, 'append_entries_of_several_once', { isOnce: true, waits: false }),
  };
  return (requests) => {
    const [first, second] = requests;
    if (first !== undefined && second === undefined && first.idempotency === undefined) {
      return appendAlone({ ...first, metadata: JSON.stringify(first.metadata) });
    }
    const batch = batchArguments(requests);
    const { append, appendOnce } = batch.sessionKeys.length === 1 ? one : several;
    const hasKeys = requests.some(({ idempotency }) => idempotency !== undefined);
    return (hasKeys ? appendOnce : append)(batch);
  };
}

/** Reads what an earlier try of an append with an idempotency key wrote: at most one row. */
export function prepareReadAppended(database: Database): Run<AppendKey, AppendedRow> {
  return database.prepareRead('read_appended', (p: Placeholders<AppendKey>) =>
    sessionByKey(p)
      .innerJoin('context_history as history', (join) =>
        join
          .onRef('history.session_id', '=', 'sessions.id')
          .on('history.agent', '=', p.agent)
          .on('history.idempotency_key', '=', p.key),
      )
      .select(sql.lit(1).as('ordinal'))
      .select(earlierColumns)
      .select(sql<null>`null`.as('take_over')),
  );
}

const entry = expressionBuilder<{ history: ContextHistoryTable }, 'history'>();

/** What an {@link AppendedRow} holds of an entry that an earlier try wrote, in the order of its columns. */
const earlierColumns = [
  'history.sequence',
  epochMs(entry.ref('history.created_at')).as('created_at'),
  'history.epoch',
  'history.content_bytes',
  'history.estimated_tokens',
  entry.ref('history.request_hash').as('recorded_hash'),
] as const;

type AppendKey = Pick<AppendEntry, 'namespace' | 'sessionKey' | 'agent'> & { readonly key: string };

/** Turns a batch into columns: each session once, and the entries with the places of their sessions. */
function batchArguments(requests: readonly AppendEntry[]) {
  const sessions = new Map<string, { readonly request: AppendEntry; readonly place: number }>();
  const places = requests.map((request) => {
    const name = `${request.namespace} ${request.sessionKey}`;
    const known = sessions.get(name);
    if (known !== undefined) return known.place;
    const place = sessions.size + 1;
    sessions.set(name, { request, place });
    return place;
  });
  const perSession = [...sessions.values()].map(({ request }) => request);
  return {
    namespaces: perSession.map((request) => request.namespace),
    sessionKeys: perSession.map((request) => request.sessionKey),
    places,
    agents: requests.map((request) => request.agent),
    epochs: requests.map((request) => request.epoch),
    expectedSequences: requests.map((request) => request.expectedSequence),
    contextTypes: requests.map((request) => request.contextType),
    pinned: requests.map((request) => request.pinned),
    contentBytes: requests.map((request) => request.contentBytes),
    estimatedTokens: requests.map((request) => request.estimatedTokens),
    keys: requests.map((request) => request.idempotency?.key),
    hashes: requests.map((request) => request.idempotency?.requestHash),
    metadata: requests.map((request) => JSON.stringify(request.metadata)),
    contents: requests.map((request) => request.content),
  };
}

type Batch = ReturnType<typeof batchArguments>;

/**
 * Locks the sessions in the order of their ids, so that batches never deadlock. Then it checks whether each entry may be
 * written. The check uses only columns of the locked row, as they are after any wait.
 */
function prepareStatement(
  database: Database,
  name: string,
  { isOnce, waits }: { readonly isOnce: boolean; readonly waits: boolean },
): (batch: Batch) => Promise<AppendedRow[]> {
  return database.prepareWrite(name, (p) => {
    const keyColumns = isOnce ? sql`, idempotency_key, request_hash` : sql``;
    const keyArrays = isOnce ? sql`, ${p.keys}::text[], ${p.hashes}::text[]` : sql``;
    const isNew = isOnce ? sql`and not exists (select from earlier where earlier.ordinal = entry.ordinal)` : sql``;
    return statement<AppendedRow>(sql`
      with entry as materialized (
        select * from unnest(
          ${p.places}::integer[], ${p.agents}::text[], ${p.epochs}::bigint[], ${p.expectedSequences}::bigint[],
          ${p.contextTypes}::text[], ${p.pinned}::boolean[], ${p.contentBytes}::bigint[], ${p.estimatedTokens}::bigint[],
          ${p.metadata}::json[], ${p.contents}::text[]${keyArrays}
        ) with ordinality as entry (
          place, agent, epoch, expected_sequence, context_type, pinned, content_bytes, estimated_tokens, metadata,
          content${keyColumns}, ordinal
        )
      ), locked as materialized (
        select wanted.place, ${guardedColumns}
        from unnest(${p.namespaces}::text[], ${p.sessionKeys}::text[])
          with ordinality as wanted (namespace, session_key, place)
        join sessions using (namespace, session_key)
        order by sessions.id
        for update of sessions ${waits ? sql`` : sql`skip locked`}
      ), session as materialized (
        ${selectAfterWait(p)}
      ), ${isOnce ? earlierTries : sql``} appended as materialized (
        select entry.*, session.id as session_id, session.epoch as session_epoch, session.now,
          session.last_sequence + row_number() over log as sequence,
          session.estimated_tokens + sum(entry.estimated_tokens) over log - entry.estimated_tokens as tokens_before,
          session.pinned_count + sum(entry.pinned::integer) over log - entry.pinned::integer as pinned_before,
          entry.agent = session.owner as is_by_owner, ${selectTakeOver} as take_over
        from session join entry using (place)
        where ${mayAppend} ${isNew}
        window log as (partition by session.id order by entry.ordinal)
      ), written as (
        ${insertInto('context_history', { ...entryValues, ...(isOnce && keyValues) })}
        from appended
      ), log as (
        select session_id, max(sequence) as sequence, max(now) as now, sum(content_bytes) as content_bytes,
          sum(estimated_tokens) as estimated_tokens, sum(pinned::integer) as pinned, bool_or(is_by_owner) as is_by_owner,
          max(sequence) filter (where is_by_owner) as owner_sequence
        from appended group by session_id
      ), extended as (
        ${extendLogs('log', { pinned: sql`log.pinned` })}
      )
      ${selectAppended}
      ${isOnce ? sql`union all select * from earlier` : sql``}`);
  });
}

type AloneArguments = Omit<AppendEntry, 'metadata' | 'idempotency'> & { readonly metadata: string };

/** Appends one entry that has no idempotency key. */
function prepareAppendAlone(database: Database): (entry: AloneArguments) => Promise<AppendedRow[]> {
  return database.prepareWrite('append_entry', (p: Clocked<AloneArguments>) =>
    statement<AppendedRow>(sql`
      with entry as materialized (
        select 1 as ordinal, ${p.agent}::text as agent, ${p.epoch}::bigint as epoch,
          ${p.expectedSequence}::bigint as expected_sequence, ${p.contextType}::text as context_type,
          ${p.pinned}::boolean as pinned, ${p.contentBytes}::bigint as content_bytes,
          ${p.estimatedTokens}::bigint as estimated_tokens, ${p.metadata}::json as metadata, ${p.content}::text as content
      ), locked as materialized (
        select ${guardedColumns} from sessions
        where sessions.namespace = ${p.namespace} and sessions.session_key = ${p.sessionKey}
        for update of sessions
      ), session as materialized (
        ${selectAfterWait(p)}
      ), appended as materialized (
        select entry.*, session.id as session_id, session.epoch as session_epoch, session.now,
          session.last_sequence + 1 as sequence, session.estimated_tokens as tokens_before,
          session.pinned_count as pinned_before, entry.agent = session.owner as is_by_owner,
          case when entry.agent = session.owner then session.last_sequence + 1 end as owner_sequence,
          ${selectTakeOver} as take_over
        from session, entry
        where ${mayAppend}
      ), written as (
        ${insertInto('context_history', entryValues)}
        from appended
      ), extended as (
        ${extendLogs('appended', { pinned: sql`appended.pinned::integer` })}
      )
      ${selectAppended}`),
  );
}

const entryValues = {
  session_id: sql`session_id`,
  sequence: sql`sequence`,
  context_type: sql`context_type`,
  agent: sql`agent`,
  epoch: sql`session_epoch`,
  pinned: sql`pinned`,
  created_at: sql`now`,
  content_bytes: sql`content_bytes`,
  estimated_tokens: sql`estimated_tokens`,
  tokens_before: sql`tokens_before`,
  pinned_before: sql`pinned_before`,
  metadata: sql`metadata`,
  content: sql`content`,
} satisfies Partial<Record<keyof ContextHistoryTable, unknown>>;

const keyValues = {
  idempotency_key: sql`idempotency_key`,
  request_hash: sql`request_hash`,
} satisfies Partial<Record<keyof ContextHistoryTable, unknown>>;

/** The locked sessions at the time after the wait for their locks. */
const selectAfterWait = (p: Pick<Placeholders<ClockArguments>, 'clockOffsetMs'>): RawBuilder<unknown> =>
  sql`select locked.*, ${clock(p)} as now, ${commitDurably} as durability from locked`;

/** Whether the rules let an `entry` be appended to its locked `session`: `refuseAppend` of the domain, in SQL. */
const mayAppend = sql`
  session.state = 'active' and ${isWithinTtl('session', sql`session.now`)}
  and not ${isLapsed('session', sql`session.now`)}
  and (entry.agent = session.owner or entry.agent = any (session.participants))
  and (entry.agent <> session.owner or ${isRenewable('session', sql`session.now`)})
  and (entry.epoch is null or entry.epoch = session.epoch)
  and (entry.expected_sequence is null or entry.expected_sequence = session.last_sequence)`;

const selectAppended = sql`
  select ordinal, sequence, ${epochMs(sql<Date>`now`)} as created_at, session_epoch as epoch, content_bytes,
    estimated_tokens, null as recorded_hash, take_over
  from appended`;

/** The {@link TakeOverNotice} of the session of an entry, if it is appended. Null if there is no pending request. */
const selectTakeOver = sql`
  case when session.take_over_until > session.now then json_build_object(
    'handoffId', session.take_over_handoff_id,
    'requestedBy', session.take_over_by,
    'lastSignAtMs', ${epochMs(sql<Date>`greatest(
      session.take_over_at, session.owner_wrote_at, case when entry.agent = session.owner then session.now end
    )`)}
  ) end`;

/** The columns that decide on an append, and those that an append changes. */
const guardedColumns = selectionList([
  'sessions.id',
  'sessions.state',
  'sessions.owner',
  'sessions.participants',
  'sessions.epoch',
  'sessions.last_sequence',
  'sessions.estimated_tokens',
  'sessions.pinned_count',
  'sessions.last_activity_at',
  'sessions.ttl_ms',
  'sessions.lease_ms',
  'sessions.lease_expires_at',
  'sessions.owner_wrote_at',
  'sessions.take_over_handoff_id',
  'sessions.take_over_by',
  'sessions.take_over_at',
  'sessions.take_over_until',
] satisfies `sessions.${keyof SessionsTable}`[]);

/**
 * Adds entries to the totals of their sessions. A write of the owner renews its lease, if it has one.
 *
 * @param log names a table with a row for each session
 */
const extendLogs = (log: string, { pinned }: { readonly pinned: RawBuilder<unknown> }): RawBuilder<unknown> => {
  const of = (column: string): RawBuilder<unknown> => sql.ref(`${log}.${column}`);
  return sql`
    ${update('sessions', {
      last_sequence: of('sequence'),
      content_bytes: sql`sessions.content_bytes + ${of('content_bytes')}`,
      estimated_tokens: sql`sessions.estimated_tokens + ${of('estimated_tokens')}`,
      pinned_count: sql`sessions.pinned_count + ${pinned}`,
      last_activity_at: sql`greatest(sessions.last_activity_at, ${of('now')})`,
      lease_expires_at: sql`case when ${of('is_by_owner')} then ${renewedLease('sessions', of('now'))}
        else sessions.lease_expires_at end`,
      owner_wrote_at: sql`case when ${of('is_by_owner')} then greatest(sessions.owner_wrote_at, ${of('now')})
        else sessions.owner_wrote_at end`,
      owner_last_sequence: sql`coalesce(${of('owner_sequence')}, sessions.owner_last_sequence)`,
    })}
    from ${sql.table(log)} where sessions.id = ${of('session_id')}`;
};

/** What earlier tries of the same appends wrote. Retries get these answers, whatever has happened since. */
const earlierTries = sql`
  earlier as materialized (
    select entry.ordinal, ${selectionList(earlierColumns)}, null::json as take_over
    from session join entry using (place)
    join context_history as history on history.session_id = session.id
      and history.agent = entry.agent and history.idempotency_key = entry.idempotency_key
  ),`;
