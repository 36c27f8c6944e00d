import { sessionNotFound, type Replayable } from '@org/domain';
import { prepareRenewLeaseAhead } from '../leases/renew-lease.js';
import type { Operation } from '../operations/operation.js';
import type { Database } from '../statements/database.js';
import { prepareMutation, type MutationSteps } from './prepare-mutation.js';
import { prepareReadSessionSituation, type SessionSubject, type Situation } from './read-situation.js';
import type { KeyArguments, MutationRequest } from './replay.js';

/**
 * Prepares a mutation of the session that the request names. The session is part of the scope of the idempotency key. A
 * write of the owner renews its lease, so a lease that is too far ahead is renewed before: see {@link prepareMutation}.
 */
export function prepareSessionMutation<
  Request extends MutationRequest & { readonly sessionKey: string },
  Answer,
  Result,
>(
  database: Database,
  steps: Required<Pick<MutationSteps<Request, SessionSubject, Answer, Result>, 'refuse' | 'write' | 'present'>> &
    Pick<MutationSteps<Request, SessionSubject, Answer, Result>, 'attempt'> & {
      /** Reads more than the session if a request needs it. Returns undefined for the others. */
      readonly readMore?: (
        request: Request,
        key: KeyArguments,
      ) => Promise<Situation<SessionSubject, Answer>> | undefined;
    },
): Operation<Request, Replayable<Result>> {
  const readSituation = prepareReadSessionSituation<Answer>(database);
  const renewLeaseAhead = prepareRenewLeaseAhead(database);

  return prepareMutation(database, {
    ...steps,
    keyScope: ({ sessionKey }) => sessionKey,
    read: (request, key) => steps.readMore?.(request, key) ?? readSituation({ ...key, sessionKey: request.sessionKey }),
    notFound: ({ sessionKey }) => sessionNotFound(sessionKey),
    write: async (request, decision, key) => {
      if (await renewLeaseAhead(decision.session, decision.record, request.agent)) return undefined;
      return steps.write(request, decision, key);
    },
  });
}
