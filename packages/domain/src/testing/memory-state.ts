import { handoffStatus } from '../rules/handoff-transitions.js';
import { handoffNotFound, sessionNotFound } from '../rules/not-found.js';
import { refuseReplay } from '../rules/refuse-replay.js';
import type { EntryRecord, HandoffRecord, Idempotency, Replayable, SessionRecord, SessionRef } from '../ports/store.js';

type Unobserved<T> = Omit<T, 'observedAtMs'>;
export type StoredHandoff = Unobserved<HandoffRecord> & { readonly id: number };
export type StoredEntry = Omit<EntryRecord, 'contentCut'> & { readonly idempotency: Idempotency | undefined };
export interface StoredSession {
  readonly id: number;
  record: Unobserved<SessionRecord>;
  readonly log: StoredEntry[];
}

interface RecordedAnswer {
  readonly requestHash: string;
  readonly answer: object;
}

/** What the memory store holds, and the few ways its operations reach it. */
export class MemoryState {
  readonly sessions: StoredSession[] = [];
  readonly handoffs: StoredHandoff[] = [];
  readonly #answers = new Map<string, RecordedAnswer>();
  readonly #clock: () => number;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock();
  }

  findSession({ namespace, sessionKey }: SessionRef): StoredSession | undefined {
    return this.sessions.find(({ record }) => record.namespace === namespace && record.sessionKey === sessionKey);
  }

  /** @throws SESSION_NOT_FOUND */
  session(ref: SessionRef): StoredSession {
    const session = this.findSession(ref);
    if (session === undefined) throw sessionNotFound(ref.sessionKey);
    return session;
  }

  /** @throws HANDOFF_NOT_FOUND */
  handoff(namespace: string, handoffId: string): StoredHandoff {
    const handoff = this.handoffs.find((stored) => stored.namespace === namespace && stored.handoffId === handoffId);
    if (handoff === undefined) throw handoffNotFound(handoffId);
    return handoff;
  }

  changeSession(session: StoredSession, changes: Partial<Unobserved<SessionRecord>>): SessionRecord {
    session.record = { ...session.record, ...changes };
    return this.observe(session.record);
  }

  changeHandoff(handoff: StoredHandoff, changes: Partial<StoredHandoff>): HandoffRecord {
    const changed = { ...handoff, ...changes };
    this.handoffs[this.handoffs.indexOf(handoff)] = changed;
    return this.observeHandoff(changed);
  }

  /** Moves ownership at a new epoch, and cancels the offers that only the old owner could have kept. */
  moveOwnership(session: StoredSession, owner: string): SessionRecord {
    const { record } = session;
    const moved = this.changeSession(session, {
      owner,
      participants: record.participants.filter((participant) => participant !== owner),
      epoch: record.epoch + 1,
      version: record.version + 1,
      updatedAtMs: this.now(),
      lastActivityAtMs: this.now(),
    });
    for (const offer of this.handoffs) {
      const isOpen = handoffStatus(this.observeHandoff(offer)) === 'pending' && offer.requestType === 'full_handoff';
      if (isOpen && offer.namespace === record.namespace && offer.sessionKey === record.sessionKey) {
        this.changeHandoff(offer, { status: 'cancelled', resolvedAtMs: this.now(), reason: 'ownership moved' });
      }
    }
    return moved;
  }

  /** Whether the agent gave up, or lost, the ownership of the session at some time. */
  wasOwner({ namespace, sessionKey }: SessionRef, agent: string): boolean {
    return this.handoffs.some(
      (handoff) =>
        handoff.namespace === namespace &&
        handoff.sessionKey === sessionKey &&
        handoff.requestType === 'full_handoff' &&
        handoff.acceptedBy !== undefined &&
        (handoff.requestingAgent === agent || handoff.acceptedBy === agent),
    );
  }

  observe(record: Unobserved<SessionRecord>): SessionRecord {
    return { ...structuredClone(record), observedAtMs: this.now() };
  }

  observeHandoff({ id: _id, ...record }: StoredHandoff): HandoffRecord {
    return { ...structuredClone(record), observedAtMs: this.now() };
  }

  /** Runs a mutation once per idempotency key: the look-up comes before every guard, and only successes are kept. */
  once<T extends object>(
    scope: { readonly namespace: string; readonly agent: string; readonly idempotency?: Idempotency | undefined },
    sessionKey: string,
    run: () => T & { readonly replayed?: boolean },
  ): Replayable<T> {
    const { namespace, agent, idempotency } = scope;
    if (idempotency === undefined) return { replayed: false, ...run() };
    const name = JSON.stringify([namespace, agent, idempotency.tool, sessionKey, idempotency.key]);
    const recorded = this.#answers.get(name);
    if (recorded !== undefined) {
      const refusal = refuseReplay(recorded, idempotency);
      if (refusal !== undefined) throw refusal;
      return { ...(structuredClone(recorded.answer) as T), replayed: true };
    }
    const answer = { replayed: false, ...run() };
    this.#answers.set(name, { requestHash: idempotency.requestHash, answer: structuredClone(answer) });
    return answer;
  }
}
