import type { ListAgents, NoteAgents } from './agents.js';
import type { LogEnd, LogTail, ReadTail } from './log-tail.js';
import type { ContextType } from '../model/entry.js';
import type { HandoffOutcome, HandoffStatus, RequestType } from '../model/handoff.js';
import type { JsonObject } from '../model/json.js';
import type { SessionStatus } from '../model/session.js';
import type { TakeOverPolicy } from '../model/take-over.js';
import type {
  TakenOverSession,
  TakeOverNotice,
  TakeOverRequest,
  TakeOverSession,
  TookOverRecord,
} from './take-over.js';

/**
 * Stores sessions, their logs and handoffs. Each operation is atomic: it happens whole, or it throws a
 * `ContextStoreError` and changes nothing. When the promise of a mutation resolves, the change is as durable as the
 * engine can make it.
 *
 * Time is the store's clock. Requests carry durations. Records carry instants in epoch milliseconds, and
 * `observedAtMs`: the store's clock when the record was read.
 *
 * A lease lapses at its deadline, without a write. The requester then owns the session again, at a new epoch. The offer
 * is pending again: it is the newest in lists, and pinned to the log's newest entry. If the offer's own deadline has
 * passed by then, it gets its original duration again. `settledSession` and `settledHandoff` compute this from the
 * stored rows. No record that a store returns holds a lapsed lease.
 *
 * Reads need no write, so they work while the disk is full, locks are held or the database is read-only. The first
 * mutation of a session stores its lapse. A read that meets a lapse also starts to store it, which neither delays nor
 * fails the read.
 *
 * A clock that is briefly ahead ends nothing for good: an offer is stored as expired, and an idempotency key removed,
 * only if a row that is at least an hour old was made after the deadline. A clock that is behind never moves a
 * session's times of last activity and last change back.
 *
 * If `signal` aborts, a store may end the operation with CANCELLED before its next statement.
 *
 * The contract suite in `@org/store-contract` holds every engine to the same answers.
 */
export interface Store {
  /**
   * Creates a session that the agent owns, at epoch 1 and version 1.
   * @throws SESSION_EXISTS, SESSION_EXPIRED (`ifExists` is `resume`), IDEMPOTENCY_MISMATCH
   */
  createSession(request: CreateSession, signal?: AbortSignal): Promise<Replayable<CreatedSession>>;

  /** Reads a session without its log. @throws SESSION_NOT_FOUND */
  readSession(request: SessionRef, signal?: AbortSignal): Promise<SessionRecord>;

  /** Lists newest first. The rows scanned for a page are bounded, so a short or empty page may still have a `next`. */
  listSessions(request: ListSessions, signal?: AbortSignal): Promise<SessionPage>;

  /** Lists session keys that begin with a prefix, ascending. */
  listSessionKeys(request: ListSessionKeys, signal?: AbortSignal): Promise<readonly string[]>;

  /**
   * Changes the fields that are given. Only the owner may; it counts as activity. If the project changes, so does that of
   * the session's pending offers, and of the handoff on whose lease the owner holds the session. The offers get new
   * places in lists, in their order, so that lists of the other project that go on from a position show them.
   * @throws SESSION_NOT_FOUND, SESSION_NOT_ACTIVE (no such transition), SESSION_EXPIRED (neither TTL nor status is
   * set), NOT_A_PARTICIPANT, OWNERSHIP_LOST, FORBIDDEN (a participant), VERSION_CONFLICT, IDEMPOTENCY_MISMATCH
   */
  updateSession(request: UpdateSession, signal?: AbortSignal): Promise<Replayable<{ session: SessionRecord }>>;

  /**
   * Deletes a session with its log, handoffs, read marks and idempotency keys. Its key is free again.
   * @throws SESSION_NOT_FOUND
   */
  deleteSession(request: SessionRef, signal?: AbortSignal): Promise<void>;

  /**
   * Appends one entry at the next sequence. Only the owner and participants may. Wakes a dormant session; an append of
   * the owner renews its lease.
   * @throws SESSION_NOT_FOUND, SESSION_NOT_ACTIVE, SESSION_EXPIRED, NOT_A_PARTICIPANT, OWNERSHIP_LOST,
   * SEQUENCE_CONFLICT, IDEMPOTENCY_MISMATCH
   */
  appendEntry(request: AppendEntry, signal?: AbortSignal): Promise<Replayable<AppendAnswer>>;

  /**
   * Reads one range of the log and its session, from one snapshot. The cost does not grow with the log.
   * @throws SESSION_NOT_FOUND
   */
  readEntries(request: ReadEntries, signal?: AbortSignal): Promise<EntryPage>;

  /**
   * Reads one range of the log and its session, from one snapshot, for a cache that holds full pages. Of each full page
   * in the range it returns only the last append; the cache has the entries, which never change. The cost grows neither
   * with the log nor with the page size.
   * @throws SESSION_NOT_FOUND
   */
  readTail(request: ReadTail, signal?: AbortSignal): Promise<LogTail>;

  /**
   * Reads a session and the append that its log ends with, from one snapshot. A cache that has read the log up to this
   * append needs no more of it. @throws SESSION_NOT_FOUND
   */
  readLogEnd(request: SessionRef, signal?: AbortSignal): Promise<LogEnd>;

  /**
   * Moves an agent's read mark to `sequence`, forward or back, if one is given. Returns the mark.
   * @throws SESSION_NOT_FOUND, VALIDATION_ERROR (the log has no such sequence yet)
   */
  markRead(request: MarkRead, signal?: AbortSignal): Promise<ReadMark>;

  /**
   * Reads what a briefing is composed of, from one snapshot. The two limits bound the rows that it reads.
   * @throws SESSION_NOT_FOUND
   */
  readBriefing(request: ReadBriefing, signal?: AbortSignal): Promise<BriefingSource>;

  /**
   * Records an offer in the session's project, pinned to the log's newest entry. Participants may offer a `context_transfer`; the owner,
   * anything.
   *
   * A `take_over` asks the owner for the session. It is addressed to the owner, and no activity of the session, so it
   * does not extend its TTL. `takeOverBy` says who may ask.
   * @throws SESSION_NOT_FOUND, SESSION_NOT_ACTIVE, SESSION_EXPIRED, NOT_A_PARTICIPANT, OWNERSHIP_LOST, FORBIDDEN,
   * VALIDATION_ERROR (a `take_over` that is addressed to another), TAKE_OVER_TOO_EARLY (a `take_over` of a session on a
   * lease), IDEMPOTENCY_MISMATCH
   */
  createHandoff(request: CreateHandoff, signal?: AbortSignal): Promise<Replayable<{ handoff: HandoffRecord }>>;

  /** Reads a handoff, with a lapse that is not stored yet applied. @throws HANDOFF_NOT_FOUND */
  readHandoff(request: HandoffRef, signal?: AbortSignal): Promise<HandoffRecord>;

  /**
   * Lists an outbox, oldest first, or an inbox. An inbox lists offers to the agent, then to its roles, then to anyone,
   * each oldest first. If more are pending than fit a page, senders take turns: see `composePage`. Pages may be short
   * or empty.
   *
   * Offers that are pending again by a lapse that is not stored yet come last in their class. `next` does not move past
   * them, so later pages repeat them until the lapse is stored. `more` is true if the page leaves any of them out.
   *
   * @throws VALIDATION_ERROR (the position is ahead of this database: see `refusePosition`)
   */
  listHandoffs(request: ListHandoffs, signal?: AbortSignal): Promise<HandoffPage>;

  /**
   * Returns for each inbox, in order, whether it may hold a pending offer after its position. One call serves any
   * number of inboxes. `true` can be wrong if many offers have lapsed, or while senders take turns: list the inbox to
   * be sure.
   */
  peekInboxes(inboxes: readonly Inbox[], signal?: AbortSignal): Promise<readonly boolean[]>;

  /**
   * Accepts a pending offer; exactly one acceptor wins. A `full_handoff` moves ownership at a new epoch, and cancels
   * the session's other pending handoffs of ownership. If the winner repeats the call, it gets its acceptance again
   * (`replayed`), and its lease is renewed; `leaseMs` may change the duration.
   *
   * The requester of a `take_over` accepts it itself, once the owner has not written for `takeOverAfterMs`, counted from
   * the request at the earliest. Ownership moves as by a `full_handoff`; the same change appends an entry of type
   * `system` (see `takeOverEntry`) and pins the handoff to it. The session may have expired, and stays so.
   * @throws HANDOFF_NOT_FOUND, HANDOFF_CLAIMED, HANDOFF_NOT_PENDING, HANDOFF_EXPIRED, FORBIDDEN (addressed to another,
   * its own role offer, or a `take_over` of another), VALIDATION_ERROR (a lease without a `full_handoff`),
   * SESSION_NOT_ACTIVE, SESSION_EXPIRED, TAKE_OVER_TOO_EARLY, IDEMPOTENCY_MISMATCH
   */
  claimHandoff(request: ClaimHandoff, signal?: AbortSignal): Promise<Replayable<ClaimedHandoff>>;

  /**
   * Ends a handoff and its lease, as `handoffTransitions` allows. `returned` makes the requester of a `full_handoff`
   * owner again, at a new epoch. The acceptor of a `collaboration` leaves the session with `returned`, and the session's
   * owner removes it with `cancelled`; it leaves as a whole, even if it accepted another `collaboration` too.
   * @throws HANDOFF_NOT_FOUND, HANDOFF_NOT_PENDING, HANDOFF_EXPIRED, FORBIDDEN, OWNERSHIP_LOST (an older process of the
   * owner, or a return after ownership moved), SESSION_NOT_ACTIVE and SESSION_EXPIRED (a return), IDEMPOTENCY_MISMATCH
   */
  resolveHandoff(request: ResolveHandoff, signal?: AbortSignal): Promise<Replayable<{ handoff: HandoffRecord }>>;

  /**
   * Notes that names were seen in a namespace now: agents that act, and addresses of roles that are listened to. A store
   * keeps about the newest `limits.agentsKept` names of a namespace.
   */
  noteAgents(request: NoteAgents, signal?: AbortSignal): Promise<void>;

  /** Lists the names that were seen, the last seen first, at most `limits.agentsKept`. */
  listAgents(request: ListAgents, signal?: AbortSignal): Promise<readonly string[]>;

  /**
   * Makes an agent the owner of a session without the consent of its owner, whatever the session's state, as an
   * acceptance of a `take_over` does: at a new epoch, with an entry of type `system` in the name of the new owner. It
   * ends a lease, and cancels the handoff that gave it. The new owner has not written by it. For operators.
   * @throws SESSION_NOT_FOUND, VALIDATION_ERROR (the agent owns the session already)
   */
  takeOverSession(request: TakeOverSession, signal?: AbortSignal): Promise<TakenOverSession>;

  /** Counts what a namespace holds. No number exceeds `limit`. */
  countNamespace(request: CountNamespace, signal?: AbortSignal): Promise<NamespaceCounts>;

  /** Resolves if the store can serve calls. @throws STORE_UNAVAILABLE */
  ping(): Promise<void>;

  /**
   * Finishes the calls under way, then releases all resources. Later calls throw STORE_UNAVAILABLE, and so do calls
   * that a server has not answered after `withinMs` milliseconds. Default: waits for all of them.
   */
  close(withinMs?: number): Promise<void>;
}

/** An answer, and whether it repeats an earlier one for the same idempotency key. */
export type Replayable<T> = T & { readonly replayed: boolean };

/** Makes a retry safe. Kept for at least 24 hours; scoped to namespace, agent, tool, and session if there is one. */
export interface Idempotency {
  readonly key: string;
  readonly tool: string;
  /** The hash of the input after defaults. The same key with another hash is IDEMPOTENCY_MISMATCH. */
  readonly requestHash: string;
}

interface Mutation {
  readonly namespace: string;
  /** The acting agent. */
  readonly agent: string;
  readonly idempotency?: Idempotency | undefined;
}

export interface SessionRef {
  readonly namespace: string;
  readonly sessionKey: string;
}

/** The stored state of a session. Dormancy and expiry are not stored: they are computed from its times. */
export type SessionState = 'active' | 'completed' | 'archived';

/** A session as a store returns it: a lapse of its lease is applied, even if it is not stored yet. */
export interface SessionRecord extends SessionRef {
  /** Random and never reused. Distinguishes a session from a later one with the same key. */
  readonly uid: string;
  readonly state: SessionState;
  readonly owner: string;
  readonly participants: readonly string[];
  /** The newest former owners, the latest last: at most `limits.formerOwners`. */
  readonly formerOwners: readonly string[];
  /** The newest agents that were participants and are not any more, the latest last: at most `limits.formerOwners`. */
  readonly formerParticipants: readonly string[];
  readonly epoch: number;
  readonly version: number;
  readonly lastSequence: number;
  /**
   * When the owner last wrote: appended, changed the session, or requested, accepted or resolved one of its handoffs.
   * Undefined if it is not known to have done so since it became the owner. A clock that is behind does not move it back.
   */
  readonly ownerWroteAtMs?: number | undefined;
  /** The newest entry that the owner appended since it became the owner. Undefined if there is none. */
  readonly ownerLastSequence?: number | undefined;
  /** The pending request to take the session over; if there are several, the one that lapses last. */
  readonly takeOver?: TakeOverRequest | undefined;
  /** When the owner took the session over. Undefined if it became the owner in another way. */
  readonly takenOverAtMs?: number | undefined;
  /** The handoff by whose lapse the owner has the session again. Undefined if it became the owner in another way. */
  readonly lapsedHandoffId?: string | undefined;
  /** Undefined if the owner keeps the session until it hands it over. */
  readonly lease?: SessionLease | undefined;
  readonly title?: string | undefined;
  readonly project?: string | undefined;
  readonly metadata: JsonObject;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly lastActivityAtMs: number;
  /** Counted from the last activity. Undefined if the session never expires. */
  readonly ttlMs?: number | undefined;
  readonly observedAtMs: number;
}

/** The owner's lease of a session. Each write of the owner renews it; after a lapse, `returnsTo` is the owner. */
export interface SessionLease {
  /** The handoff by which the owner got the session. It is pending again after a lapse. */
  readonly handoffId: string;
  /** The requester of that handoff. */
  readonly returnsTo: string;
  readonly durationMs: number;
  readonly expiresAtMs: number;
}

export interface CreateSession extends Mutation, SessionRef {
  readonly title?: string | undefined;
  readonly project?: string | undefined;
  readonly metadata: JsonObject;
  readonly ttlMs?: number | undefined;
  /** If the key is taken, `error` throws SESSION_EXISTS, and `resume` returns that session unchanged. */
  readonly ifExists: 'error' | 'resume';
}

export interface CreatedSession {
  readonly session: SessionRecord;
  readonly created: boolean;
}

/**
 * Which projects a list shows. Null stands for what has no project. Names the ranges to read, so that what belongs to
 * other projects costs nothing.
 */
export type ProjectFilter = readonly (string | null)[];

export interface ListSessions {
  readonly namespace: string;
  /** Default: all projects. */
  readonly projects?: ProjectFilter | undefined;
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
  /** Where the next page begins. Undefined on the last page. */
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
  /** Null takes the session out of its project. */
  readonly project?: string | null | undefined;
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

/** The answer to an append. */
export interface AppendAnswer extends AppendedEntry {
  /** Present while an agent asks for the session. Absent from an answer that repeats an earlier one. */
  readonly takeOver?: TakeOverNotice | undefined;
}

/** An entry, with the part of its content that the request asked for. */
export interface EntryRecord extends AppendedEntry {
  readonly contextType: ContextType;
  readonly agent: string;
  /** The content from `contentOffset` on, at most `maxContentLength` code points. */
  readonly content: string;
  /** Whether more content follows. */
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

/** The sequences from `first` to `last`, both included. Empty if `last < first`. */
export interface SequenceRange {
  readonly first: number;
  readonly last: number;
}

export interface EntryPage {
  readonly session: SessionRecord;
  /** In the requested direction. */
  readonly entries: readonly EntryRecord[];
  /** The sequences that were scanned: see `scanRange`. */
  readonly scanned: SequenceRange;
}

export interface MarkRead extends SessionRef {
  readonly agent: string;
  /** The last sequence that the agent has read, or 0 for none. Undefined keeps the mark. */
  readonly sequence?: number | undefined;
}

export interface ReadMark {
  /** The agent's mark, or 0 if it has none. */
  readonly sequence: number;
  /** The sequence of the log's newest entry. */
  readonly lastSequence: number;
}

export interface ReadBriefing extends SessionRef {
  /** The sequence of the newest entry to consider. Default: the log's newest. */
  readonly uptoSequence?: number | undefined;
  readonly pinnedLimit: number;
  readonly newestLimit: number;
  readonly maxContentLength: number;
  /** How much of the newest entries is enough. Default: `newestLimit` entries, however large. */
  readonly enoughBytes?: EnoughBytes | undefined;
}

/**
 * An amount of content, in UTF-8 bytes. A store may leave out the entries after those that hold `total` bytes, where each
 * entry counts at most `each`.
 */
export interface EnoughBytes {
  readonly total: number;
  readonly each: number;
}

export interface BriefingSource {
  readonly session: SessionRecord;
  readonly uptoSequence: number;
  /** The newest pinned entries, newest first. */
  readonly pinned: readonly EntryRecord[];
  /** The number of pinned entries up to `uptoSequence`. */
  readonly pinnedCount: number;
  /** The newest entries, pinned or not, newest first. */
  readonly newest: readonly EntryRecord[];
  /** Estimated tokens of all entries up to `uptoSequence`. */
  readonly estimatedTokens: number;
}

/** A handoff as a store returns it: a lapse of its session's lease is applied, even if it is not stored yet. */
export interface HandoffRecord {
  readonly handoffId: string;
  readonly namespace: string;
  readonly sessionKey: string;
  /** The session's when the handoff was requested, or later: see `updateSession`. */
  readonly project?: string | undefined;
  readonly requestType: RequestType;
  /** As stored: an offer past its deadline may still be `pending`. `handoffStatus` computes what callers see. */
  readonly status: HandoffStatus;
  readonly requestingAgent: string;
  readonly targetAgent?: string | undefined;
  readonly acceptedBy?: string | undefined;
  /** The process of `acceptedBy` that accepted. Undefined if it is not known. */
  readonly claimant?: string | undefined;
  /** The epoch at which acceptance made `acceptedBy` the owner. */
  readonly grantedEpoch?: number | undefined;
  /** The deadline of the acceptor's lease. Undefined if it has none now. */
  readonly leaseExpiresAtMs?: number | undefined;
  /** What an accepted `take_over` found. Undefined for all other handoffs. */
  readonly tookOver?: TookOverRecord | undefined;
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
  /** Who may request a `take_over`. Default: `project`. */
  readonly takeOverBy?: TakeOverPolicy | undefined;
  /** The project of the agent that requests a `take_over`. Undefined if it has none. */
  readonly callerProject?: string | undefined;
}

export interface ListHandoffs {
  readonly namespace: string;
  readonly agent: string;
  /** `inbox`: handoffs that the agent or one of its roles may accept. `outbox`: handoffs that the agent requested. */
  readonly direction: 'inbox' | 'outbox';
  readonly roles: readonly string[];
  /** Default: all projects. */
  readonly projects?: ProjectFilter | undefined;
  readonly status?: HandoffStatus | undefined;
  /** A `next` of an earlier page. */
  readonly after?: HandoffPosition | undefined;
  readonly limit: number;
}

/**
 * How far a list was read. Each handoff has a place: the greatest in its namespace when it was offered, or offered
 * again. A number means that everything up to this place was read. An inbox that was not read to its end has one
 * position for each class, in the order of `inboxClasses`.
 */
export type HandoffPosition = number | readonly ClassPosition[];

export interface ClassPosition {
  /** Everything up to this place was read, except for what `behind` lists. */
  readonly upto: number;
  /** Senders that had a turn and let others pass. Their handoffs after the place `after` have not been shown yet. */
  readonly behind?: readonly { readonly sender: string; readonly after: number }[] | undefined;
}

export interface HandoffPage {
  readonly handoffs: readonly HandoffRecord[];
  /**
   * Always present, so that a later call lists only what is new. It never passes an offer whose lapse is not stored
   * yet. Changes in other namespaces do not move it.
   */
  readonly next: HandoffPosition;
  /** Whether more follow now. */
  readonly more: boolean;
}

/** What an agent can wait for: pending offers to it, its roles or anyone, after a position of `listHandoffs`. */
export interface Inbox extends Pick<ListHandoffs, 'namespace' | 'agent' | 'roles' | 'projects'> {
  readonly after: HandoffPosition;
}

export interface ClaimHandoff extends Mutation {
  readonly handoffId: string;
  /** The calling process, if known. If another process of the agent accepted, this call gets HANDOFF_CLAIMED. */
  readonly claimant?: string | undefined;
  /** The acceptor must write at least this often, or the session goes back. Undefined for no lease. */
  readonly leaseMs?: number | undefined;
  /** How long the owner must be silent before a `take_over` is accepted. Default: `limits.takeOverAfterMs`. */
  readonly takeOverAfterMs?: number | undefined;
}

export interface ClaimedHandoff {
  readonly handoff: HandoffRecord;
  readonly session: SessionRecord;
}

export interface ResolveHandoff extends Mutation {
  readonly handoffId: string;
  /** The calling process, if known. */
  readonly claimant?: string | undefined;
  /** The session's epoch, as the caller knows it. */
  readonly epoch?: number | undefined;
  readonly outcome: HandoffOutcome;
  readonly reason?: string | undefined;
  readonly result?: JsonObject | undefined;
}

export interface CountNamespace {
  readonly namespace: string;
  /**
   * Counting stops here, so that its time is bounded. A store reads no more rows than this, so expired offers among
   * them may leave fewer pending ones to count.
   */
  readonly limit: number;
}

/** What a namespace holds. */
export interface NamespaceCounts {
  /** Its sessions, of any status. */
  readonly sessions: number;
  /** Its pending offers. Excludes expired offers that are stored as pending, although they use up the limit. */
  readonly pendingHandoffs: number;
}
