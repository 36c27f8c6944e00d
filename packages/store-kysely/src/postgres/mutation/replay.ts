import { refuseReplay, type Idempotency } from '@org/domain';
import { sql, type RawBuilder } from 'kysely';
import { answersKeptHours, confirmedAfterMs, keysSweptAtOnce } from '../../constants.js';
import type { Placeholders } from '../../prepared-query.js';
import { insertInto } from '../statements/changes.js';
import { clock, epochMs, milliseconds, type Clocked } from '../statements/clock.js';
import { commitDurably } from '../statements/commit-durably.js';
import type { Database, Run } from '../statements/database.js';
import { db, statement } from '../statements/query-builder.js';

/** The unique constraint that concurrent tries of one call violate. */
export const recordedOnce = 'idempotency_keys_scope';

/** What a mutation is asked for, as far as its idempotency goes. */
export interface MutationRequest {
  readonly namespace: string;
  readonly agent: string;
  readonly idempotency?: Idempotency | undefined;
}

/** An idempotency key and its scope, as arguments of statements. Null if the call has no key. */
export interface KeyArguments {
  readonly namespace: string;
  readonly agent: string;
  readonly tool: string | null;
  readonly scopeSessionKey: string;
  readonly key: string | null;
  readonly requestHash: string | null;
}

/** @param scopeSessionKey the session that is part of the key's scope. Default: none */
export const keyArguments = (
  { namespace, agent, idempotency }: MutationRequest,
  scopeSessionKey = '',
): KeyArguments => ({
  namespace,
  agent,
  tool: idempotency?.tool ?? null,
  scopeSessionKey,
  key: idempotency?.key ?? null,
  requestHash: idempotency?.requestHash ?? null,
});

/** The first answer under a key, as it is stored: rows rather than records. */
export interface RecordedAnswer<Answer> {
  readonly request_hash: string;
  readonly response: Answer;
}

/** Selects what is recorded under a key, as a JSON value. Null if nothing is: no tool and no key equals null. */
export const selectRecorded = <Answer>(p: Placeholders<KeyArguments>) =>
  db
    .selectFrom((eb) =>
      eb
        .selectFrom('idempotency_keys')
        .select(['request_hash', 'response'])
        .where('namespace', '=', p.namespace)
        .where('agent', '=', p.agent)
        .where('tool', '=', p.tool.$notNull())
        .where('session_key', '=', p.scopeSessionKey)
        .where('idempotency_key', '=', p.key.$notNull())
        .as('recorded'),
    )
    .select(({ fn }) => fn.toJson('recorded').$castTo<RecordedAnswer<Answer>>().as('row'));

/** Returns the recorded answer, if there is one. Throws IDEMPOTENCY_MISMATCH if it belongs to another request. */
export function replay<Answer>(
  recorded: RecordedAnswer<Answer> | null,
  { idempotency }: MutationRequest,
): Answer | undefined {
  if (recorded === null || idempotency === undefined) return undefined;
  const refusal = refuseReplay({ requestHash: recorded.request_hash }, idempotency);
  if (refusal !== undefined) throw refusal;
  return recorded.response;
}

/**
 * Ends a mutation's statement: makes the answer from the only row of `rows`, and returns it. Without a row there is no answer.
 *
 * @param rows what holds `now`, `session_id` and a column for each part of the answer
 */
export type AnswerFrom<Answer> = (
  rows: RawBuilder<unknown>,
  parts: readonly (keyof Answer & string)[],
) => RawBuilder<unknown>;

/** Builds a mutation's statement, which ends with what `answerFrom` makes. */
type BuildAnswering<Arguments, Answer> = (p: Clocked<Arguments>, answerFrom: AnswerFrom<Answer>) => RawBuilder<unknown>;

/**
 * Prepares a mutation's statement twice. For a call with an idempotency key it also records the answer; for a call without
 * one, two table changes fewer have to be set up. The statement with a key is named `…_once`.
 */
export function prepareAnswering<Arguments extends KeyArguments, Answer>(
  database: Database,
  name: string,
  build: BuildAnswering<Arguments, Answer>,
): Run<Arguments, { response: Answer }> {
  const write = prepareUnrecorded(database, name, build);
  const writeOnce = database.prepareWrite(`${name}_once`, (p: Clocked<Arguments>) =>
    statement(
      build(p, (rows, parts) => sql`${makeAnswer(rows, parts)}, ${recordAnswer(p)} ${returnAnswer}`).$castTo<{
        response: Answer;
      }>(),
    ),
  );
  return (args) => (args.key === null ? write : writeOnce)(args);
}

/** Prepares a statement of a mutation without an idempotency key. */
export const prepareUnrecorded = <Arguments extends object, Answer>(
  database: Database,
  name: string,
  build: BuildAnswering<Arguments, Answer>,
): Run<Arguments, { response: Answer }> =>
  database.prepareWrite(name, (p: Clocked<Arguments>) =>
    statement(
      build(p, (rows, parts) => sql`${makeAnswer(rows, parts)} ${returnAnswer}`).$castTo<{ response: Answer }>(),
    ),
  );

const makeAnswer: AnswerFrom<Record<string, unknown>> = (rows, parts) => sql`
  answer as (
    select now, session_id, json_build_object(
      ${sql.join(parts.flatMap((part) => [sql.lit(part), sql.ref(part)]))}, 'observed_at', ${epochMs(sql`now`)}
    ) as response
    from ${rows}
  )`;

const returnAnswer = sql`select response, ${commitDurably} as durability from answer`;

/**
 * Records the answer under the call's key: `answer` is a row with the columns `session_id`, `response` and `now`, or none.
 *
 * Each new key deletes a few keys that are older than the port promises. The clock alone does not decide that: another
 * key that is old enough must have been recorded after them.
 */
const recordAnswer = (p: Placeholders<KeyArguments>): RawBuilder<unknown> => sql`
  recorded as (
    ${insertInto('idempotency_keys', {
      namespace: p.namespace,
      agent: p.agent,
      tool: p.tool,
      session_key: p.scopeSessionKey,
      idempotency_key: p.key,
      session_id: sql`session_id`,
      request_hash: p.requestHash,
      created_at: sql`now`,
      response: sql`response`,
    })}
    from answer
  ), swept as (
    delete from idempotency_keys where id in (
      select old.id from idempotency_keys as old
      where old.created_at < (
        select max(confirming.created_at) from idempotency_keys as confirming
        where confirming.created_at <= (
          select now from answer
        ) - ${milliseconds(sql.lit(confirmedAfterMs))}
      ) - interval ${sql.lit(`${answersKeptHours} hours`)}
      order by old.created_at limit ${sql.lit(keysSweptAtOnce)} for update skip locked
    )
  )`;

/** Records the answer of a call that changed nothing else. */
export function prepareRecordAnswer(database: Database) {
  return database.prepareWrite(
    'record_answer',
    (p: Clocked<KeyArguments & { sessionRowId: number; response: string }>) =>
      statement<{ response: unknown }>(sql`
      with answer as (
        select ${p.sessionRowId}::bigint as session_id, ${p.response}::json as response, ${clock(p)} as now
      ), ${recordAnswer(p)} ${returnAnswer}`),
  );
}
