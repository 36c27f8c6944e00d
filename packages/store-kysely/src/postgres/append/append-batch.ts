import type { AppendEntry } from '@org/domain';

/** What one statement takes at most. A larger entry goes alone. */
const batchLimits = { entries: 256, contentBytes: 1024 * 1024 };

export interface BatchedAppend {
  readonly request: AppendEntry;
  /** Names the session among all that there are. */
  readonly session: string;
  /** It was in a batch that failed, and may be the reason: it goes alone. */
  readonly isSuspect: boolean;
}

/**
 * Takes the next batch out of the appends that wait, in their order. One that must wait longer holds up its session, and
 * no other.
 *
 * @param busySessions those that another batch is writing to
 * @param maySuspect whether one that has to go alone may go now
 */
export function takeBatch<Append extends BatchedAppend>(
  waiting: readonly Append[],
  busySessions: ReadonlySet<string>,
  maySuspect = true,
): { batch: Append[]; left: Append[] } {
  const batch: Append[] = [];
  const left: Append[] = [];
  const closed = new Set(busySessions);
  const keys = new Set<string>();
  const sessions = new Set<string>();
  let contentBytes = 0;

  for (const append of waiting) {
    const { request, session, isSuspect } = append;
    const key = request.idempotency && `${session} ${request.agent} ${request.idempotency.key}`;
    const isExpecting = request.expectedSequence !== undefined;
    const isFull =
      batch.length === batchLimits.entries ||
      batch[0]?.isSuspect === true ||
      (batch.length > 0 && (isSuspect || contentBytes + request.contentBytes > batchLimits.contentBytes));
    const mustWait =
      isFull ||
      (isSuspect && !maySuspect) ||
      closed.has(session) ||
      (isExpecting && sessions.has(session)) ||
      (key !== undefined && keys.has(key));
    if (mustWait) {
      left.push(append);
      closed.add(session);
      continue;
    }
    batch.push(append);
    sessions.add(session);
    if (key !== undefined) keys.add(key);
    // The log must be as expected before the batch, and no other append of the batch may come between.
    if (isExpecting) closed.add(session);
    contentBytes += request.contentBytes;
  }
  return { batch, left };
}
