import { sql, type RawBuilder } from 'kysely';
import type { Placeholders } from '../../prepared-query.js';
import { handoffColumns, type HandoffRow } from '../rows/handoff-row.js';
import { isLapsed, sessionByKey, sessionColumns, type SessionRow } from '../rows/session-row.js';
import { clock, observedAt, type ClockArguments, type Clocked } from '../statements/clock.js';
import { onlyRow, type Database } from '../statements/database.js';
import { db } from '../statements/query-builder.js';
import { selectRecorded, type KeyArguments, type RecordedAnswer } from './replay.js';

/** The rows that a mutation of a session is decided on. */
export interface SessionSubject {
  readonly session: SessionRow;
  /** Whether the agent accepted one of the session's handoffs. Undefined if it does not matter. */
  readonly has_accepted?: boolean;
}

/** The rows that a mutation of a handoff is decided on. */
export interface HandoffSubject extends SessionSubject {
  readonly handoff: HandoffRow;
}

/** The rows of a subject. Those that do not exist are null. */
export type Rows<Subject> = { readonly [Part in keyof Subject]: Subject[Part] | null };

/** All that the rules need to decide on a mutation, read at one moment. */
export type Situation<Subject, Answer> = Rows<Subject> & {
  readonly recorded: RecordedAnswer<Answer> | null;
  readonly observed_at: number;
};

interface SessionArguments {
  readonly sessionKey: string;
}

type Read<Arguments, Subject, Answer> = (args: KeyArguments & Arguments) => Promise<Situation<Subject, Answer>>;

export function prepareReadSessionSituation<Answer>(
  database: Database,
): Read<SessionArguments, SessionSubject, Answer> {
  const read = database.prepareRead('read_session_situation', selectSessionSituation<Answer>);
  return async (args) => onlyRow(await read(args));
}

/** Reads the same, and whether the agent accepted one of the session's handoffs. */
export function prepareReadTakeOverSituation<Answer>(
  database: Database,
): Read<SessionArguments, SessionSubject, Answer> {
  const read = database.prepareRead('read_take_over_situation', (p: Clocked<KeyArguments & SessionArguments>) =>
    selectSessionSituation<Answer>(p).select((eb) =>
      eb
        .exists(
          eb
            .selectFrom('handoffs')
            .select('id')
            .where('session_id', '=', (of) => of.selectFrom('found').select('id'))
            .where('accepted_by', '=', p.agent),
        )
        .$castTo<boolean>()
        .as('has_accepted'),
    ),
  );
  return async (args) => onlyRow(await read(args));
}

function selectSessionSituation<Answer>(p: Clocked<KeyArguments & SessionArguments>) {
  return db
    .with(
      (cte) => cte('found').materialized(),
      () => sessionByKey(p).select(sessionColumns),
    )
    .selectNoFrom((eb) => [
      eb
        .selectFrom('found')
        .select(({ fn }) => fn.toJson('found').as('row'))
        .as('session'),
      selectRecorded<Answer>(p).as('recorded'),
      observedAt(p),
    ]);
}

export function prepareReadHandoffSituation<Answer>(
  database: Database,
): Read<{ handoffId: string }, HandoffSubject, Answer> {
  const read = database.prepareRead('read_handoff_situation', (p: Clocked<KeyArguments & { handoffId: string }>) =>
    db
      .with(
        (cte) => cte('found').materialized(),
        (query) =>
          query
            .selectFrom('handoffs')
            .select(handoffColumns)
            .where('namespace', '=', p.namespace)
            .where('handoff_id', '=', p.handoffId),
      )
      .with('session', (query) =>
        query
          .selectFrom('sessions')
          .select(sessionColumns)
          .where('id', '=', (eb) => eb.selectFrom('found').select('session_id')),
      )
      .selectNoFrom((eb) => [
        eb
          .selectFrom('found')
          .select(({ fn }) => fn.toJson('found').as('row'))
          .as('handoff'),
        eb
          .selectFrom('session')
          .select(({ fn }) => fn.toJson('session').as('row'))
          .as('session'),
        selectRecorded<Answer>(p).as('recorded'),
        observedAt(p),
      ]),
  );
  return async (args) => onlyRow(await read(args));
}

/** The session that a decision was made on. */
export interface LockArguments {
  readonly sessionRowId: number;
  readonly version: number;
  readonly offers: number;
}

export const lockArguments = ({
  id,
  version,
  offers,
}: Pick<SessionRow, 'id' | 'version' | 'offers'>): LockArguments => ({
  sessionRowId: id,
  version,
  offers,
});

/**
 * The first part of every statement that writes what was decided: `with ${lockSession(p)}, …` locks the session's row.
 * `session` holds that row if it has not changed since the decision, and no row otherwise. `session.now` is read after the
 * wait for the lock.
 *
 * Every mutation locks the session before its other rows, so that mutations cannot deadlock. `version` shows whether its
 * owner, participants, epoch, state or TTL changed. `offers` shows whether there are new handoffs, which this statement
 * cannot see, because its snapshot is older. A session whose lease has lapsed is no row of `session`.
 */
export const lockSession = (p: Placeholders<LockArguments & ClockArguments>): RawBuilder<unknown> => sql`
  locked as materialized (
    select * from sessions where id = ${p.sessionRowId} for update
  ), timed_session as materialized (
    select locked.*, ${clock(p)} as now from locked
  ), session as materialized (
    select * from timed_session
    where version = ${p.version}::integer and offers = ${p.offers}::integer
      and not ${isLapsed('timed_session', sql`now`)}
  )`;

/**
 * Makes the offers of a namespace commit in the order of their ids. A transaction waits here, before its offer gets an id,
 * until earlier ones of the namespace have committed. A list that has shown an id thus never has to show a smaller one.
 */
export const queueOffer: RawBuilder<unknown> = sql`
  queued as materialized (
    select session.*, pg_advisory_xact_lock(hashtextextended('context-store handoffs ' || namespace, 0)) from session
  )`;
