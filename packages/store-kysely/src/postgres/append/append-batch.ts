import type { AppendEntry } from '@org/domain';

/** The maximum size of one statement's batch. An entry that is larger is sent alone. */
const batchLimits = { entries: 256, contentBytes: 1024 * 1024 };

export interface BatchedAppend {
  readonly request: AppendEntry;
  /** Identifies the session across namespaces. */
  readonly session: string;
  /** Whether it was in a batch that failed, and may be the reason. It is then sent alone. */
  readonly isSuspect: boolean;
}

/**
 * Takes the next batch from the waiting appends, in their order. An append that must wait longer delays only its
 * session.
 *
 * @param busySessions the sessions that other batches are writing to
 * @param maySuspect whether an append that must be sent alone may be taken now
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
