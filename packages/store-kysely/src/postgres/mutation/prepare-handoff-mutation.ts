import { handoffNotFound, type Replayable } from '@org/domain';
import type { Operation } from '../operations/operation.js';
import type { Database } from '../statements/database.js';
import { prepareMutation, type MutationSteps } from './prepare-mutation.js';
import { prepareReadHandoffSituation, type HandoffSubject } from './read-situation.js';
import type { MutationRequest } from './replay.js';

/** Prepares a mutation of the handoff that the request names, and of its session: see {@link prepareMutation}. */
export function prepareHandoffMutation<
  Request extends MutationRequest & { readonly handoffId: string },
  Answer,
  Result,
>(
  database: Database,
  steps: Required<Pick<MutationSteps<Request, HandoffSubject, Answer, Result>, 'refuse' | 'write' | 'present'>>,
): Operation<Request, Replayable<Result>> {
  const readSituation = prepareReadHandoffSituation<Answer>(database);

  return prepareMutation(database, {
    ...steps,
    read: ({ handoffId }, key) => readSituation({ ...key, handoffId }),
    notFound: ({ handoffId }) => handoffNotFound(handoffId),
  });
}
