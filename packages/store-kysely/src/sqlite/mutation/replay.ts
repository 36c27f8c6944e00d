import { refuseReplay, type Idempotency, type Replayable } from '@org/domain';
import { sql } from 'kysely';
import { answersKeptHours, confirmedAfterMs, keysSweptAtOnce } from '../../constants.js';
import type { Placeholders } from '../../prepared-query.js';
import type { Connection } from '../connection/connection.js';
import { preparedOnce } from '../connection/prepared-once.js';
import type { Operation } from '../operations/operation.js';
import { db } from '../connection/query-builder.js';

/** What a mutation is asked for, as far as its idempotency goes. */
export interface MutationRequest {
  readonly namespace: string;
  readonly agent: string;
  readonly idempotency?: Idempotency | undefined;
}

/** Returns the key of the session that is part of a key's scope. Returns an empty text if there is none. */
type SessionScope<Request> = (request: Request) => string;

/** Makes a mutation safe to retry. */
export type Replaying = <Request extends MutationRequest, Answer extends object>(
  operation: Operation<Request, Replayable<Answer>>,
  sessionScope?: SessionScope<Request>,
) => Operation<Request, Replayable<Answer>>;

/**
 * Records the answers of mutations under their idempotency keys. A retry gets the recorded answer before any rule is
 * checked, and changes nothing. Refusals are not recorded.
 */
export const prepareReplaying: (connection: Connection) => Replaying = preparedOnce(createReplaying);

function createReplaying(connection: Connection): Replaying {
  const find = prepareFind(connection);
  const record = prepareRecord(connection);
  const sweep = prepareSweep(connection);

  return (operation, sessionScope = () => '') =>
    (request, nowMs) => {
      const { namespace, agent, idempotency } = request;
      if (idempotency === undefined) return operation(request, nowMs);
      const { tool, key, requestHash } = idempotency;
      const scope = { namespace, agent, tool, sessionKey: sessionScope(request), key };
      const recorded = find.get(scope);
      if (recorded !== undefined) {
        const refusal = refuseReplay({ requestHash: recorded.request_hash }, idempotency);
        if (refusal !== undefined) throw refusal;
        return { ...(JSON.parse(recorded.response) as ReturnType<typeof operation>), replayed: true };
      }
      const answer = operation(request, nowMs);
      record.run({ ...scope, requestHash, response: JSON.stringify(answer), nowMs });
      sweep.run({ oldMs: nowMs - confirmedAfterMs });
      return answer;
    };
}

interface KeyScope {
  readonly namespace: string;
  readonly agent: string;
  readonly tool: string;
  readonly sessionKey: string;
  readonly key: string;
}

const prepareFind = (connection: Connection) =>
  connection.prepare((p: Placeholders<KeyScope>) =>
    db
      .selectFrom('idempotency_keys')
      .select(['request_hash', 'response'])
      .where('namespace', '=', p.namespace)
      .where('agent', '=', p.agent)
      .where('tool', '=', p.tool)
      .where('session_key', '=', p.sessionKey)
      .where('idempotency_key', '=', p.key),
  );

const prepareRecord = (connection: Connection) =>
  connection.prepare((p: Placeholders<KeyScope & { requestHash: string; response: string; nowMs: number }>) =>
    db.insertInto('idempotency_keys').values({
      namespace: p.namespace,
      agent: p.agent,
      tool: p.tool,
      session_key: p.sessionKey,
      idempotency_key: p.key,
      request_hash: p.requestHash,
      response: p.response,
      created_at: p.nowMs,
    }),
  );

/**
 * Deletes a few keys that are older than the port promises. The clock alone does not decide that: another key that is
 * old enough must have been recorded after them.
 */
const prepareSweep = (connection: Connection) =>
  connection.prepare((p: Placeholders<{ oldMs: number }>) =>
    db.deleteFrom('idempotency_keys').where('id', 'in', (eb) =>
      eb
        .selectFrom('idempotency_keys')
        .select('id')
        .where('created_at', '<', (keys) =>
          keys
            .selectFrom('idempotency_keys')
            .select(({ fn }) =>
              sql<number>`${fn.max('created_at')} - ${sql.lit(answersKeptHours * 3_600_000)}`.as('before'),
            )
            .where('created_at', '<=', p.oldMs),
        )
        .orderBy('created_at')
        .limit(keysSweptAtOnce),
    ),
  );
