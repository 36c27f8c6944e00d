import {
  handoffNotFound,
  handoffStatus,
  isLeaseLapsed,
  moveOwnership,
  movesOwnership,
  pendingTakeOver,
  refuseReplay,
  sessionNotFound,
  settledHandoff,
  settledSession,
  type AppendEntry,
  type EntryRecord,
  type HandoffRecord,
  type Idempotency,
  type MoveOptions,
  type Replayable,
  type SessionLease,
  type SessionRecord,
  type SessionRef,
  type TakeOverRequest,
} from '@org/domain';

type Unobserved<T> = Omit<T, 'observedAtMs'>;
/** A handoff. `id` is its place in lists; it gets a new one when it is pending again. */
export type StoredHandoff = Unobserved<Omit<HandoffRecord, 'leaseExpiresAtMs'>> & { readonly id: number };
export type StoredEntry = Omit<EntryRecord, 'contentCut'> & { readonly idempotency: Idempotency | undefined };
type NewEntry = Pick<
  AppendEntry,
  'contextType' | 'agent' | 'content' | 'contentBytes' | 'estimatedTokens' | 'metadata' | 'pinned' | 'idempotency'
>;
export interface StoredSession {
  readonly id: number;
  record: Unobserved<SessionRecord>;
  readonly log: StoredEntry[];
  /** The read mark of each agent. */
  readonly marks: Map<string, number>;
}

interface RecordedAnswer {
  readonly namespace: string;
  readonly requestHash: string;
  readonly answer: object;
}

/** The data of the memory store, and the steps that its operations share. */
export class MemoryState {
  readonly sessions: StoredSession[] = [];
  /** By ascending id. */
  readonly handoffs: StoredHandoff[] = [];
  /** When each name was last seen, by namespace. */
  readonly seenAgents = new Map<string, ReadonlyMap<string, number>>();
  readonly #answers = new Map<string, RecordedAnswer>();
  readonly #clock: () => number;
  #nowMs: number;
  #lastId = 0;

  constructor(clock: () => number) {
    this.#clock = clock;
    this.#nowMs = clock();
  }

  /** Reads the clock once for an operation, so that all of it happens at one moment, as in a database. */
  beginOperation(): void {
    this.#nowMs = this.#clock();
  }

  now(): number {
    return this.#nowMs;
  }

  /** The greatest id that was ever given. */
  get lastId(): number {
    return this.#lastId;
  }

  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
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

  /** Appends an entry at the next sequence. */
  appendEntry(session: StoredSession, given: NewEntry): StoredEntry {
    const { contextType, agent, content, contentBytes, estimatedTokens, metadata, pinned, idempotency } = given;
    const { epoch, lastSequence } = session.record;
    const entry: StoredEntry = {
      sequence: lastSequence + 1,
      contextType,
      agent,
      epoch,
      content,
      contentBytes,
      estimatedTokens,
      metadata,
      pinned,
      createdAtMs: this.now(),
      idempotency,
    };
    session.log.push(entry);
    this.changeSession(session, { lastSequence: entry.sequence });
    return entry;
  }

  /** The pending request to take a session over that lapses last. */
  pendingTakeOver(session: StoredSession): TakeOverRequest | undefined {
    return this.#handoffsOf(session.record)
      .filter((handoff) => handoff.requestType === 'take_over')
      .filter((handoff) => handoffStatus(this.observeHandoff(handoff)) === 'pending')
      .map(({ handoffId, requestingAgent: requestedBy, createdAtMs: requestedAtMs, expiresAtMs = Infinity }) => ({
        handoffId,
        requestedBy,
        requestedAtMs,
        expiresAtMs,
      }))
      .toReversed()
      .toSorted((one, another) => another.expiresAtMs - one.expiresAtMs)[0];
  }

  /** Moves ownership at a new epoch, and cancels the session's pending handoffs of ownership. */
  moveOwnership(session: StoredSession, owner: string, options?: MoveOptions): SessionRecord {
    const { record } = session;
    for (const offer of this.#handoffsOf(record)) {
      if (handoffStatus(this.observeHandoff(offer)) === 'pending' && movesOwnership(offer.requestType)) {
        this.changeHandoff(offer, { status: 'cancelled', resolvedAtMs: this.now(), reason: 'ownership moved' });
      }
    }
    return this.changeSession(session, this.newVersion(session, moveOwnership(record, owner, options)));
  }

  /** Adds to the changes of a session what every change of the session itself brings. */
  newVersion(
    { record: { version, updatedAtMs } }: StoredSession,
    changes: Partial<Unobserved<SessionRecord>>,
  ): Partial<Unobserved<SessionRecord>> {
    return { ...changes, version: version + 1, updatedAtMs: Math.max(updatedAtMs, this.now()) };
  }

  /**
   * Moves the session's pending offers, and the handoff on whose lease its owner holds it, to the session's project. The
   * offers get new places.
   */
  moveOffers(session: SessionRecord): void {
    for (const handoff of this.#handoffsOf(session)) {
      const isPending = handoffStatus(this.observeHandoff(handoff)) === 'pending';
      if (!isPending && session.lease?.handoffId !== handoff.handoffId) continue;
      this.changeHandoff(handoff, { project: session.project, ...(isPending && { id: this.nextId() }) });
    }
    this.handoffs.sort((one, another) => one.id - another.id);
  }

  /** Changes a session, and moves its last activity to now; a clock that is behind does not move it back. */
  touchSession(session: StoredSession, changes: Partial<Unobserved<SessionRecord>> = {}): SessionRecord {
    const lastActivityAtMs = Math.max(session.record.lastActivityAtMs, this.now());
    return this.changeSession(session, { lastActivityAtMs, ...changes });
  }

  /** Stores all lapses: settles each session and its handoffs, and gives the renewed offer a new place in lists. */
  settleLeases(): void {
    for (const session of this.sessions) {
      if (!isLeaseLapsed({ ...session.record, observedAtMs: this.now() })) continue;
      const stored = this.observe(session.record);
      for (const handoff of this.#handoffsOf(stored)) {
        const {
          leaseExpiresAtMs: _deadline,
          observedAtMs: _now,
          ...settled
        } = settledHandoff(this.observeHandoff(handoff), stored);
        this.handoffs.splice(this.handoffs.indexOf(handoff), 1);
        this.handoffs.push({ ...settled, id: this.#placeOf(handoff, stored.lease) });
      }
      this.handoffs.sort((one, another) => one.id - another.id);
      session.record = settledSession(stored);
    }
  }

  #placeOf({ id, handoffId }: StoredHandoff, lapsed: SessionLease | undefined): number {
    return handoffId === lapsed?.handoffId ? this.nextId() : id;
  }

  deleteSession(session: StoredSession): void {
    const { namespace, sessionKey } = session.record;
    this.sessions.splice(this.sessions.indexOf(session), 1);
    for (const handoff of this.#handoffsOf(session.record)) this.handoffs.splice(this.handoffs.indexOf(handoff), 1);
    for (const [name, recorded] of this.#answers) {
      const { session: of, handoff } = recorded.answer as { session?: SessionRef; handoff?: SessionRef };
      if (recorded.namespace === namespace && (of ?? handoff)?.sessionKey === sessionKey) this.#answers.delete(name);
    }
  }

  observe(record: Unobserved<SessionRecord>): SessionRecord {
    const takeOver = pendingTakeOver(record.takeOver, this.now());
    return { ...structuredClone(record), takeOver, observedAtMs: this.now() };
  }

  observeHandoff({ id: _id, ...record }: StoredHandoff): HandoffRecord {
    const lease = this.findSession(record)?.record.lease;
    return {
      ...structuredClone(record),
      ...(lease?.handoffId === record.handoffId && { leaseExpiresAtMs: lease.expiresAtMs }),
      observedAtMs: this.now(),
    };
  }

  #handoffsOf({ namespace, sessionKey }: SessionRef): StoredHandoff[] {
    return this.handoffs.filter((handoff) => handoff.namespace === namespace && handoff.sessionKey === sessionKey);
  }

  /** Runs a mutation once for each idempotency key. The look-up comes before all guards; only successes are kept. */
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
    this.#answers.set(name, { namespace, requestHash: idempotency.requestHash, answer: structuredClone(answer) });
    return answer;
  }
}
