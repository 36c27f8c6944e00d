import type { ContextType } from '../model/entry.js';
import type { HandoffOutcome, HandoffStatus, RequestType } from '../model/handoff.js';
import type { JsonObject } from '../model/json.js';
import type { SessionStatus } from '../model/session.js';

/**
 * Where sessions, logs and handoffs live. Each operation is one atomic domain operation: it happens whole, or it throws a
 * `ContextStoreError` and changes nothing. A resolved promise means durable, as far as the engine can promise it.
 *
 * Time is the store's own clock: requests carry durations, records carry instants in epoch milliseconds together with
 * `observedAtMs`, the store's clock when the record was read.
 *
 * A lease lapses at its deadline, by the clock alone: the session goes back to the requester at a new epoch, and the offer
 * is pending again: as the newest of the lists, pinned to the log's newest entry, and, if its own deadline had passed by
 * then, for as long again as it first stood. `settledSession` and `settledHandoff` compute that from what is stored, and no
 * record that a store gives out holds a lapsed lease.
 *
 * No read needs a write, so reads go on while the disk is full, locks are held, or the database can only be read. A lapse is
 * stored by the first mutation of its session, or soon after a read that came across it; that attempt neither delays nor
 * fails the read.
 *
 * A clock that is ahead for a moment ends nothing for good. An offer is stored as expired, and an idempotency key removed,
 * only when a row that is at least an hour old was made after the deadline. A clock that is behind moves neither the last
 * activity of a session nor the time of its last change back.
 *
 * A `signal` says that nobody needs the answer any more. A store may then give the operation up with CANCELLED while it
 * waits for its turn, before the next thing that it would ask its database.
 *
 * The contract suite in `@org/store-contract` holds every engine to the same answers.
 */
export interface Store {
  /**
   * Creates a session with the agent as its owner, at epoch 1 and version 1.
   * @throws SESSION_EXISTS, SESSION_EXPIRED (a resume of an expired session), IDEMPOTENCY_MISMATCH
   */
  createSession(request: CreateSession, signal?: AbortSignal): Promise<Replayable<CreatedSession>>;

  /** @throws SESSION_NOT_FOUND */
  readSession(request: SessionRef, signal?: AbortSignal): Promise<SessionRecord>;

  /** Newest first. A page may be short, or empty, and still have a `next`: the rows scanned for one page are bounded. */
  listSessions(request: ListSessions, signal?: AbortSignal): Promise<SessionPage>;

  /** Session keys that begin with a prefix, ascending. */
  listSessionKeys(request: ListSessionKeys, signal?: AbortSignal): Promise<readonly string[]>;

  /**
   * Changes what is given, and nothing else; counts as activity. By the owner alone.
   * @throws SESSION_NOT_FOUND, SESSION_NOT_ACTIVE (no such transition), SESSION_EXPIRED (unless the TTL or status is set),
   * NOT_A_PARTICIPANT, OWNERSHIP_LOST, FORBIDDEN (a participant), VERSION_CONFLICT, IDEMPOTENCY_MISMATCH
   */
  updateSession(request: UpdateSession, signal?: AbortSignal): Promise<Replayable<{ session: SessionRecord }>>;

  /**
   * Removes a session with everything that was ever recorded of it. The key is free again.
   * @throws SESSION_NOT_FOUND
   */
  deleteSession(request: SessionRef, signal?: AbortSignal): Promise<void>;

  /**
   * Appends one entry at the next sequence. By the owner or a participant; wakes a dormant session, and renews the owner's
   * lease.
   * @throws SESSION_NOT_FOUND, SESSION_NOT_ACTIVE, SESSION_EXPIRED, NOT_A_PARTICIPANT, OWNERSHIP_LOST,
   * SEQUENCE_CONFLICT, IDEMPOTENCY_MISMATCH
   */
  appendEntry(request: AppendEntry, signal?: AbortSignal): Promise<Replayable<AppendedEntry>>;

  /**
   * One range of the log together with its session, from one snapshot. The cost does not grow with the log.
   * @throws SESSION_NOT_FOUND
   */
  readEntries(request: ReadEntries, signal?: AbortSignal): Promise<EntryPage>;

  /**
   * One range of the log together with its session, from one snapshot, for those who hold what can't have changed: of the
   * full pages that the range touches it gives no entries, only by which append each of them ends. The cost grows neither
   * with the log nor with the size of a page.
   * @throws SESSION_NOT_FOUND
   */
  readTail(request: ReadTail, signal?: AbortSignal): Promise<LogTail>;

  /**
   * Moves an agent's mark in the log to `sequence`, forward or back, if one is given; answers where it stands.
   * @throws SESSION_NOT_FOUND, VALIDATION_ERROR (a sequence that the log does not have yet)
   */
  markRead(request: MarkRead, signal?: AbortSignal): Promise<ReadMark>;

  /**
   * What a briefing is composed of, from one snapshot. The rows read are bounded by the two limits.
   * @throws SESSION_NOT_FOUND
   */
  readBriefing(request: ReadBriefing, signal?: AbortSignal): Promise<BriefingSource>;

  /**
   * Records an offer, pinned to the log's newest entry. A `context_transfer` by any writer, the others by the owner.
   * @throws SESSION_NOT_FOUND, SESSION_NOT_ACTIVE, SESSION_EXPIRED, NOT_A_PARTICIPANT, OWNERSHIP_LOST, FORBIDDEN,
   * IDEMPOTENCY_MISMATCH
   */
  createHandoff(request: CreateHandoff, signal?: AbortSignal): Promise<Replayable<{ handoff: HandoffRecord }>>;

  /** As the clock has it, whatever is stored. @throws HANDOFF_NOT_FOUND */
  readHandoff(request: HandoffRef, signal?: AbortSignal): Promise<HandoffRecord>;

  /**
   * An outbox lists oldest first. An inbox lists what is addressed to the agent, then to its roles, then to anyone, each
   * oldest first; where more are pending than a page shows, senders take turns: see `composePage`. A page may be short, or
   * empty.
   *
   * Offers that are pending again by a lapse that is not stored yet come last of their class, and `next` does not move past
   * them: a later page shows them again, until they are stored. `more` tells whether any of them are left out.
   *
   * @throws VALIDATION_ERROR (a position that this database has not reached: see `refusePosition`)
   */
  listHandoffs(request: ListHandoffs, signal?: AbortSignal): Promise<HandoffPage>;

  /**
   * Whether each inbox holds a pending offer after its position: for any number of inboxes at the cost of one call. A yes
   * means to look; it may turn out to be none where so many offers lapsed that the first live one is far, or where senders
   * let others pass.
   */
  peekInboxes(inboxes: readonly Inbox[], signal?: AbortSignal): Promise<readonly boolean[]>;

  /**
   * Accepts a pending offer; exactly one acceptor wins. The winner gets its acceptance again (`replayed`) when it repeats
   * the call, and renews its lease by that, at another duration if it asks for one. A `full_handoff` moves ownership at a new epoch and cancels the session's other
   * pending full offers.
   * @throws HANDOFF_NOT_FOUND, HANDOFF_CLAIMED, HANDOFF_NOT_PENDING, HANDOFF_EXPIRED, FORBIDDEN (addressed to another),
   * VALIDATION_ERROR (a lease on what does not move ownership), SESSION_NOT_ACTIVE, SESSION_EXPIRED, IDEMPOTENCY_MISMATCH
   */
  claimHandoff(request: ClaimHandoff, signal?: AbortSignal): Promise<Replayable<ClaimedHandoff>>;

  /**
   * Ends a handoff as `handoffTransitions` allows, and the lease that it came with. `returned` makes the requester owner
   * again at a new epoch. An older process of the session's owner gets OWNERSHIP_LOST: see `refuseOlderProcess`.
   * @throws HANDOFF_NOT_FOUND, HANDOFF_NOT_PENDING, HANDOFF_EXPIRED, FORBIDDEN, OWNERSHIP_LOST, IDEMPOTENCY_MISMATCH
   */
  resolveHandoff(request: ResolveHandoff, signal?: AbortSignal): Promise<Replayable<{ handoff: HandoffRecord }>>;

  /** How much a namespace holds, each number counted up to `limit`. */
  countNamespace(request: CountNamespace, signal?: AbortSignal): Promise<NamespaceCounts>;

  /** Resolves when the store can serve calls. @throws STORE_UNAVAILABLE */
  ping(): Promise<void>;

  /**
   * Finishes what is under way, then releases everything. Calls made afterwards throw STORE_UNAVAILABLE, as do those that a
   * server has not answered `withinMs` milliseconds later. Default: they are waited for.
   */
  close(withinMs?: number): Promise<void>;
}

/** An answer that may be the repetition of an earlier one, for the same idempotency key. */
export type Replayable<T> = T & { readonly replayed: boolean };

/** Makes a retry safe. Kept for at least 24 hours, scoped to (namespace, agent, tool, session where there is one). */
export interface Idempotency {
  readonly key: string;
  readonly tool: string;
  /** Of the input after defaults: the same key with another hash is IDEMPOTENCY_MISMATCH. */
  readonly requestHash: string;
}

interface Mutation {
  readonly namespace: string;
  /** On whose behalf. */
  readonly agent: string;
  readonly idempotency?: Idempotency | undefined;
}

export interface SessionRef {
  readonly namespace: string;
  readonly sessionKey: string;
}

/** What the owner or the clock may have done to a session; dormancy and expiry are computed from the times. */
export type SessionState = 'active' | 'completed' | 'archived';

export interface SessionRecord extends SessionRef {
  /** Random and never reused: tells a session from a later one of the same key. */
  readonly uid: string;
  readonly state: SessionState;
  readonly owner: string;
  readonly participants: readonly string[];
  /** Who owned the session before, the latest last: the newest of them, see `limits.formerOwners`. */
  readonly formerOwners: readonly string[];
  readonly epoch: number;
  readonly version: number;
  readonly lastSequence: number;
  /** Absent: the owner keeps the session until it gives it away. */
  readonly lease?: SessionLease | undefined;
  readonly title?: string | undefined;
  readonly metadata: JsonObject;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly lastActivityAtMs: number;
  /** Counted from the last activity. Absent: never expires. */
  readonly ttlMs?: number | undefined;
  readonly observedAtMs: number;
}

/** The terms on which the owner holds a session. Every write of the owner renews it; when it lapses, the session goes back. */
export interface SessionLease {
  /** The handoff by which the owner got the session, pending again after a lapse. */
  readonly handoffId: string;
  /** The requester of that handoff. */
  readonly returnsTo: string;
  readonly durationMs: number;
  readonly expiresAtMs: number;
}

export interface CreateSession extends Mutation, SessionRef {
  readonly title?: string | undefined;
  readonly metadata: JsonObject;
  readonly ttlMs?: number | undefined;
  /** What an existing session of this key means: a refusal, or an answer with that session, unchanged. */
  readonly ifExists: 'error' | 'resume';
}

export interface CreatedSession {
  readonly session: SessionRecord;
  readonly created: boolean;
}

export interface ListSessions {
  readonly namespace: string;
  readonly owner?: string | undefined;
  readonly status?: SessionStatus | undefined;
  /** How long a session stays `active` without activity. */
  readonly dormantAfterMs: number;
  /** A `next` of an earlier page. */
  readonly before?: number | undefined;
  readonly limit: number;
}

export interface SessionPage {
  readonly sessions: readonly SessionRecord[];
  /** The position to go on from; absent at the end. */
  readonly next?: number | undefined;
}

export interface ListSessionKeys {
  readonly namespace: string;
  readonly prefix: string;
  readonly limit: number;
}

export interface UpdateSession extends Mutation, SessionRef {
  readonly state?: SessionState | undefined;
  readonly title?: string | undefined;
  /** Replaces the metadata as a whole. */
  readonly metadata?: JsonObject | undefined;
  readonly ttlMs?: number | undefined;
  readonly expectedVersion?: number | undefined;
  readonly epoch?: number | undefined;
}

export interface AppendEntry extends Mutation, SessionRef {
  readonly contextType: ContextType;
  readonly content: string;
  readonly contentBytes: number;
  readonly estimatedTokens: number;
  readonly metadata: JsonObject;
  readonly pinned: boolean;
  /** The `lastSequence` that the log must have before the append. */
  readonly expectedSequence?: number | undefined;
  readonly epoch?: number | undefined;
}

export interface AppendedEntry {
  readonly sequence: number;
  readonly createdAtMs: number;
  readonly contentBytes: number;
  readonly estimatedTokens: number;
  /** The session's epoch at which the entry was written. */
  readonly epoch: number;
}

export interface EntryRecord extends AppendedEntry {
  readonly contextType: ContextType;
  readonly agent: string;
  /** From `contentOffset`, at most `maxContentLength` code points. */
  readonly content: string;
  /** Whether content follows after what `content` holds. */
  readonly contentCut: boolean;
  readonly metadata: JsonObject;
  readonly pinned: boolean;
}

export interface ReadEntries extends SessionRef {
  readonly direction: 'ascending' | 'descending';
  /** Only entries after this sequence; 0 for all. */
  readonly afterSequence: number;
  /** Only entries before this sequence. */
  readonly beforeSequence?: number | undefined;
  readonly types?: readonly ContextType[] | undefined;
  readonly limit: number;
  readonly contentOffset: number;
  readonly maxContentLength: number;
}

/** The sequences from `first` to `last`, both included; empty when `last < first`. */
export interface SequenceRange {
  readonly first: number;
  readonly last: number;
}

export interface EntryPage {
  readonly session: SessionRecord;
  /** In the direction asked for. */
  readonly entries: readonly EntryRecord[];
  /** What was looked through: see `scanRange`. */
  readonly scanned: SequenceRange;
}

export interface ReadTail extends Omit<ReadEntries, 'types' | 'contentOffset'> {
  /** How many entries are a page: sequence 1 begins the first. */
  readonly pageSize: number;
}

export interface LogTail {
  readonly session: SessionRecord;
  /** As `readEntries` looks through it. */
  readonly scanned: SequenceRange;
  /**
   * The last entry of each full page that `scanned` touches, even outside of it; ascending. Logs only grow: two that have
   * the same append at one place are the same up to there, even if a dump was restored in between.
   */
  readonly pageEnds: readonly AppendedEntry[];
  /** What of `scanned` lies behind the last full page, ascending. */
  readonly entries: readonly EntryRecord[];
}

export interface MarkRead extends SessionRef {
  readonly agent: string;
  /** Everything up to here has been read; 0: nothing. Absent: the mark stays. */
  readonly sequence?: number | undefined;
}

export interface ReadMark {
  /** Where the agent's mark stands; 0: it has none. */
  readonly sequence: number;
  /** The newest entry of the log. */
  readonly lastSequence: number;
}

export interface ReadBriefing extends SessionRef {
  /** The newest entry to consider; absent: the log's newest. */
  readonly uptoSequence?: number | undefined;
  readonly pinnedLimit: number;
  readonly newestLimit: number;
  readonly maxContentLength: number;
}

export interface BriefingSource {
  readonly session: SessionRecord;
  readonly uptoSequence: number;
  /** The newest pinned entries, newest first. */
  readonly pinned: readonly EntryRecord[];
  /** How many entries up to `uptoSequence` are pinned. */
  readonly pinnedCount: number;
  /** The newest entries, pinned or not, newest first. */
  readonly newest: readonly EntryRecord[];
  /** Of all entries up to `uptoSequence`. */
  readonly estimatedTokens: number;
}

export interface HandoffRecord {
  readonly handoffId: string;
  readonly namespace: string;
  readonly sessionKey: string;
  readonly requestType: RequestType;
  /** As stored: an offer past its deadline may still be `pending` here. See `handoffStatus`, which tells callers. */
  readonly status: HandoffStatus;
  readonly requestingAgent: string;
  readonly targetAgent?: string | undefined;
  readonly acceptedBy?: string | undefined;
  /** Which process of `acceptedBy` it was, as far as that is known. */
  readonly claimant?: string | undefined;
  /** The epoch at which its acceptance made `acceptedBy` the owner. */
  readonly grantedEpoch?: number | undefined;
  /** When the acceptor's lease lapses, as long as it lasts. */
  readonly leaseExpiresAtMs?: number | undefined;
  readonly uptoSequence: number;
  readonly summary?: string | undefined;
  readonly instructions?: string | undefined;
  readonly requestData?: JsonObject | undefined;
  readonly createdAtMs: number;
  readonly expiresAtMs?: number | undefined;
  readonly resolvedAtMs?: number | undefined;
  readonly reason?: string | undefined;
  readonly result?: JsonObject | undefined;
  readonly observedAtMs: number;
}

export interface HandoffRef {
  readonly namespace: string;
  readonly handoffId: string;
}

export interface CreateHandoff extends Mutation, SessionRef {
  readonly handoffId: string;
  readonly requestType: RequestType;
  readonly targetAgent?: string | undefined;
  readonly summary?: string | undefined;
  readonly instructions?: string | undefined;
  readonly requestData?: JsonObject | undefined;
  readonly expiresInMs: number;
  readonly epoch?: number | undefined;
}

export interface ListHandoffs {
  readonly namespace: string;
  readonly agent: string;
  /** `inbox`: what the agent or one of its roles may accept. `outbox`: what the agent requested. */
  readonly direction: 'inbox' | 'outbox';
  readonly roles: readonly string[];
  readonly status?: HandoffStatus | undefined;
  /** A `next` of an earlier page. */
  readonly after?: HandoffPosition | undefined;
  readonly limit: number;
}

/**
 * How far a list has come. Each handoff has a place: the greatest of its namespace when it was offered, or offered again.
 * A number: everything up to this place has been looked at. An inbox of which more follows has a position in each of its
 * classes, in the order of `inboxClasses`.
 */
export type HandoffPosition = number | readonly ClassPosition[];

export interface ClassPosition {
  /** Everything up to this place has been looked at, except what `behind` says. */
  readonly upto: number;
  /** Senders that had a turn, and now let others pass: of each, what comes after a place has not been shown. */
  readonly behind?: readonly { readonly sender: string; readonly after: number }[] | undefined;
}

export interface HandoffPage {
  readonly handoffs: readonly HandoffRecord[];
  /**
   * Always there, so that a later call sees only what is new. It passes over stored rows alone. What happens in other
   * namespaces does not move it.
   */
  readonly next: HandoffPosition;
  /** Whether more rows follow now. */
  readonly more: boolean;
}

/** What an agent could be waiting for: pending offers to it, to its roles or to anyone, after a position of `listHandoffs`. */
export interface Inbox extends Pick<ListHandoffs, 'namespace' | 'agent' | 'roles'> {
  readonly after: HandoffPosition;
}

export interface ClaimHandoff extends Mutation {
  readonly handoffId: string;
  /** Tells the processes of one agent apart: a repeated acceptance by another of them is none. Absent: nobody knows. */
  readonly claimant?: string | undefined;
  /** The acceptor must write at least this often, or the session goes back. Absent: it keeps the session. */
  readonly leaseMs?: number | undefined;
}

export interface ClaimedHandoff {
  readonly handoff: HandoffRecord;
  readonly session: SessionRecord;
}

export interface ResolveHandoff extends Mutation {
  readonly handoffId: string;
  /** Which process of the agent this is. Absent: not known. */
  readonly claimant?: string | undefined;
  /** Of the session, as the caller knows it. */
  readonly epoch?: number | undefined;
  readonly outcome: HandoffOutcome;
  readonly reason?: string | undefined;
  readonly result?: JsonObject | undefined;
}

export interface CountNamespace {
  readonly namespace: string;
  /**
   * Counting ends here: the answer takes the same time however much there is. No more rows than these need be looked at, so
   * offers that have expired may take the place of pending ones.
   */
  readonly limit: number;
}

export interface NamespaceCounts {
  readonly sessions: number;
  /** Offers that expired but are stored as pending take up places of the count, but are not counted. */
  readonly pendingHandoffs: number;
}
