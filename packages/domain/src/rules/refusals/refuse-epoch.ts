import { ContextStoreError } from '../../errors.js';
import type { SessionRecord } from '../../ports/store.js';
import { isoTime } from '../text/iso-time.js';

/** Returns an error if the caller gives an epoch, and it is not the session's. */
export const refuseEpoch = (
  session: SessionRecord,
  { agent, epoch }: { readonly agent: string; readonly epoch?: number | undefined },
): ContextStoreError | undefined =>
  epoch === undefined || epoch === session.epoch ? undefined : ownershipLost(session, agent);

/** Creates the error for a former owner, or for an older process of the owner, that was fenced out. */
export function ownershipLost(session: SessionRecord, agent: string): ContextStoreError {
  const { sessionKey, owner, epoch, takenOverAtMs } = session;
  const takenOverAt = takenOverAtMs === undefined ? undefined : isoTime(takenOverAtMs);
  const lapsedHandoffId = handoffToAcceptAgain(session, agent);
  const moved =
    takenOverAt === undefined
      ? `Ownership of session ${sessionKey} moved: it belongs to ${owner} at epoch ${epoch}.`
      : `${owner} took session ${sessionKey} over at ${takenOverAt}, at epoch ${epoch}; entries of type system say why.`;
  return new ContextStoreError(
    'OWNERSHIP_LOST',
    `${moved} ${lapsedHandoffId === undefined ? `Stop writing. ${wayBack(session, agent)}` : acceptAgain(lapsedHandoffId)}`,
    {
      sessionKey,
      owner,
      epoch,
      ...(takenOverAt !== undefined && { takenOverAt }),
      ...(lapsedHandoffId !== undefined && { lapsedHandoffId }),
    },
  );
}

/**
 * Returns the handoff that this agent held on a lease until it lapsed, if its requester has not written since. It is
 * pending again then.
 */
function handoffToAcceptAgain(
  { owner, formerOwners, ownerWroteAtMs, lapsedHandoffId }: SessionRecord,
  agent: string,
): string | undefined {
  const wasHolder = agent !== owner && formerOwners.at(-1) === agent;
  return wasHolder && ownerWroteAtMs === undefined ? lapsedHandoffId : undefined;
}

const acceptAgain = (handoffId: string): string =>
  `Your lease lapsed, and no agent has taken the session since: accept handoff ${handoffId} again to go on.`;

const wayBack = ({ owner }: SessionRecord, agent: string): string =>
  agent === owner
    ? `If no newer process of ${agent} is at work on it, resume with registerSession ifExists "resume".`
    : 'To go on, ask its owner for a handoff, or accept one from listHandoffs.';
