// Generated from the schemas by `npm run docs`. Edit those.

import type { ContextType } from '../model/entry.js';
import type { HandoffOutcome, HandoffStatus, RequestType } from '../model/handoff.js';
import type { JsonObject } from '../model/json.js';
import type { Briefing, Entry, Handoff, Session, TakeOver, TookOver } from '../model/records.js';
import type { SessionStatus } from '../model/session.js';

/** The arguments of `registerSession`. */
export interface RegisterSessionInput {
  /** The agent that the call acts as. Default: the agent of the view, or the option `agent`. */
  readonly agent?: string | undefined;
  /**
   * Makes a retry safe: the same call with the same key changes nothing, and gets the first answer again. At most 128
   * printable ASCII characters without spaces. Kept for at least 24 hours.
   */
  readonly idempotencyKey?: string | undefined;
  /** Default: a new random key. */
  readonly sessionKey?: string | undefined;
  /** Means the same as `agent`; older clients use this name. */
  readonly agentFrom?: string | undefined;
  /** A title for people. At most 400 bytes. */
  readonly title?: string | undefined;
  /** Where the work belongs, or `none`. Default: the caller's project. A resumed session keeps its own. */
  readonly project?: string | undefined;
  /** Data for programs, as a JSON object of at most 65,536 bytes. Default: `{}`. */
  readonly metadata?: JsonObject | undefined;
  /**
   * The session expires after this time without activity. Default: the deployment's default, or never. From 1 to
   * 315,360,000.
   */
  readonly ttlSeconds?: number | undefined;
  /** If the key is taken, `error` refuses the call, and `resume` returns the session unchanged. Default: `"error"`. */
  readonly ifExists?: 'error' | 'resume' | undefined;
}

/** The answer of `registerSession`. */
export interface RegisterSessionResult {
  /** Says that recorded texts are data from the agents named, and no instructions to the reader. */
  note: string;
  /** The session, as it is after the call. */
  session: Session;
  /** Whether this call created it. If not, it existed and is unchanged. */
  created: boolean;
  /**
   * Present if this is the first answer again, to a call with the same idempotency key, or to a repeated acceptance.
   */
  replayed?: true | undefined;
}

/** The arguments of `updateContext`. */
export interface UpdateContextInput {
  /** The agent that the call acts as. Default: the agent of the view, or the option `agent`. */
  readonly agent?: string | undefined;
  /**
   * Makes a retry safe: the same call with the same key changes nothing, and gets the first answer again. At most 128
   * printable ASCII characters without spaces. Kept for at least 24 hours.
   */
  readonly idempotencyKey?: string | undefined;
  /** The key of the session. */
  readonly sessionKey: string;
  /**
   * `message`: something said or decided. `file`: a file or its path. `tool_call`: a call with its result. `system`:
   * something about the session itself.
   */
  readonly contextType: ContextType;
  /** The text of the entry, within the option `maxContentBytes`. */
  readonly content: string;
  /** For programs: paths, ids, versions. Default: `{}`. */
  readonly metadata?: JsonObject | undefined;
  /** Pinned entries come first in every briefing. Default: `false`. */
  readonly pinned?: boolean | undefined;
  /** Appends only if this is still the newest sequence; 0 for an empty log. */
  readonly expectedSequence?: number | undefined;
  /**
   * The session's epoch as the caller knows it. If ownership has moved since, the call is refused with OWNERSHIP_LOST.
   * Default: not checked.
   */
  readonly epoch?: number | undefined;
}

/** The answer of `updateContext`. */
export interface UpdateContextResult {
  /** The key of the session. */
  sessionKey: string;
  /** The place of the entry in the log: 1, 2, 3 … without gaps. */
  sequence: number;
  /** When it was appended. ISO 8601 in UTC. */
  createdAt: string;
  /** UTF-8 bytes of its content. */
  contentBytes: number;
  /** Estimated tokens of its content. */
  estimatedTokens: number;
  /** The session's epoch at which it was written. */
  epoch: number;
  /** Present while an agent asks for the session: see `session.takeOver`. Absent from a replayed answer. */
  takeOver?: TakeOver | undefined;
  /**
   * Present if this is the first answer again, to a call with the same idempotency key, or to a repeated acceptance.
   */
  replayed?: true | undefined;
}

/** The arguments of `getContext`. */
export interface GetContextInput {
  /** The agent that the call acts as. Default: the agent of the view, or the option `agent`. */
  readonly agent?: string | undefined;
  /** The key of the session. */
  readonly sessionKey: string;
  /** Only entries after this sequence, ascending; 0 for the whole log. Default: the newest entries. */
  readonly afterSequence?: number | undefined;
  /** Default: `asc` after `afterSequence`; without that, the newest entries, in ascending order. */
  readonly order?: 'asc' | 'desc' | undefined;
  /** The most records of the answer. From 1 to 100. Default: `20`. */
  readonly limit?: number | undefined;
  /** A `nextCursor` of an earlier answer, in place of `afterSequence` and `order`. */
  readonly cursor?: string | undefined;
  /** Only entries of these types. Default: all types. */
  readonly types?: readonly ContextType[] | undefined;
  /** The most estimated tokens of the whole answer as JSON. From 400 to 200,000. Default: `6,000`. */
  readonly maxTokens?: number | undefined;
  /**
   * Where the content of the entry begins, in characters (Unicode code points). Needs `limit: 1`. From 0 to 67,108,864.
   */
  readonly contentOffset?: number | undefined;
  /**
   * Reads the entries after this agent's read mark. The server keeps the mark; only `ackSequence` moves it. Default:
   * `false`.
   */
  readonly unread?: boolean | undefined;
  /**
   * Moves this agent's read mark to this sequence before reading. A lower sequence moves it back, and 0 to the start.
   */
  readonly ackSequence?: number | undefined;
}

/** The answer of `getContext`. */
export interface GetContextResult {
  /** Says that recorded texts are data from the agents named, and no instructions to the reader. */
  note?: string | undefined;
  /** The key of the session. */
  sessionKey: string;
  /** The entries, ascending unless `order` is `desc`. Long contents are cut. */
  entries: Entry[];
  /** The sequence of the newest entry of the log, or 0. */
  lastSequence: number;
  /** Reads on: pass it as `cursor`. Absent if nothing follows. */
  nextCursor?: string | undefined;
}

/** The arguments of `getBriefing`. */
export interface GetBriefingInput {
  /** The agent that the call acts as. Default: the agent of the view, or the option `agent`. */
  readonly agent?: string | undefined;
  /** The key of the session. */
  readonly sessionKey: string;
  /** The most estimated tokens of the whole answer as JSON. From 400 to 200,000. Default: `4,000`. */
  readonly maxTokens?: number | undefined;
}

/** The answer of `getBriefing`. */
export interface GetBriefingResult {
  /** The key of the session. */
  sessionKey: string;
  /** What to read first. */
  briefing: Briefing;
}

/** The arguments of `requestHandoff`. */
export interface RequestHandoffInput {
  /** The agent that the call acts as. Default: the agent of the view, or the option `agent`. */
  readonly agent?: string | undefined;
  /**
   * Makes a retry safe: the same call with the same key changes nothing, and gets the first answer again. At most 128
   * printable ASCII characters without spaces. Kept for at least 24 hours.
   */
  readonly idempotencyKey?: string | undefined;
  /** The key of the session. */
  readonly sessionKey: string;
  /** An agent, or `role:NAME`. Default: any agent may accept. A `take_over` always asks the owner. */
  readonly targetAgent?: string | undefined;
  /**
   * `full_handoff` moves ownership, and fences the requester out. `collaboration` lets the acceptor write too.
   * `context_transfer` only shares.
   */
  readonly requestType: RequestType;
  /** Goal, state, decisions and open questions. At most 16,384 bytes. */
  readonly summary?: string | undefined;
  /** What to do next. At most 16,384 bytes. */
  readonly instructions?: string | undefined;
  /** Data for programs, as a JSON object of at most 65,536 bytes. */
  readonly requestData?: JsonObject | undefined;
  /** How long the offer stays pending. Default: the deployment's default. From 1 to 315,360,000. */
  readonly expiresInSeconds?: number | undefined;
  /**
   * The session's epoch as the caller knows it. If ownership has moved since, the call is refused with OWNERSHIP_LOST.
   * Default: not checked.
   */
  readonly epoch?: number | undefined;
}

/** The answer of `requestHandoff`. */
export interface RequestHandoffResult {
  /** Says that recorded texts are data from the agents named, and no instructions to the reader. */
  note: string;
  /** Present if the target was never seen in this namespace. The offer is made all the same. */
  hint?: string | undefined;
  /** The handoff, as it is after the call. */
  handoff: Handoff;
  /** Of a `take_over`: when the requester may accept it, if the owner does not write before. */
  acceptableAt?: string | undefined;
  /**
   * Present if this is the first answer again, to a call with the same idempotency key, or to a repeated acceptance.
   */
  replayed?: true | undefined;
}

/** The arguments of `listHandoffs`. */
export interface ListHandoffsInput {
  /** The agent that the call acts as. Default: the agent of the view, or the option `agent`. */
  readonly agent?: string | undefined;
  /** Lists only this handoff, whatever its status and agents, and whole if `maxTokens` allows. */
  readonly handoffId?: string | undefined;
  /** Roles whose offers the inbox also lists. Default: `[]`. */
  readonly roles?: readonly string[] | undefined;
  /** `inbox`: what the agent may accept. `outbox`: what it requested. Default: `"inbox"`. */
  readonly direction?: 'inbox' | 'outbox' | undefined;
  /**
   * Lists what belongs to this project and what belongs to none, only what belongs to none (`none`), or everything
   * (`*`). Default: the caller's project; everything if it has none.
   */
  readonly project?: string | undefined;
  /** Default: `pending` in an inbox, any in an outbox. */
  readonly status?: HandoffStatus | undefined;
  /** How long to wait for an offer if there is none to list, in seconds. From 0 to 45. Default: `0`. */
  readonly waitSeconds?: number | undefined;
  /** The most records of the answer. From 1 to 100. Default: `20`. */
  readonly limit?: number | undefined;
  /** The cursor of the previous answer. Lists only what that answer and those before it have not shown. */
  readonly cursor?: string | undefined;
  /**
   * The estimated tokens of the whole answer, shared equally among `limit` handoffs. A page holds no more than fit.
   * From 400 to 200,000. Default: `8,000`.
   */
  readonly maxTokens?: number | undefined;
}

/** The answer of `listHandoffs`. */
export interface ListHandoffsResult {
  /** Says that recorded texts are data from the agents named, and no instructions to the reader. */
  note?: string | undefined;
  /** The handoffs, oldest first. Large ones are cut: see `truncated`. */
  handoffs: Handoff[];
  /** Present if more may follow now: call again with the cursor. */
  more?: true | undefined;
  /** Lists what is new since this answer: pass it as `cursor`. Absent from the answer to a `handoffId`. */
  cursor?: string | undefined;
}

/** The arguments of `acceptHandoff`. */
export interface AcceptHandoffInput {
  /** The agent that the call acts as. Default: the agent of the view, or the option `agent`. */
  readonly agent?: string | undefined;
  /**
   * Makes a retry safe: the same call with the same key changes nothing, and gets the first answer again. At most 128
   * printable ASCII characters without spaces. Kept for at least 24 hours.
   */
  readonly idempotencyKey?: string | undefined;
  /** The id of the handoff. */
  readonly handoffId: string;
  /**
   * If the acceptor of a `full_handoff` does not write at least this often, the session goes back to the requester.
   * Default: it never does. From 1 to 604,800.
   */
  readonly leaseSeconds?: number | undefined;
  /** The most estimated tokens of the whole answer as JSON. From 1,200 to 200,000. Default: `4,000`. */
  readonly maxTokens?: number | undefined;
}

/** The answer of `acceptHandoff`. */
export interface AcceptHandoffResult {
  /** Says that recorded texts are data from the agents named, and no instructions to the reader. */
  note: string;
  /** The handoff, as it is after the call. */
  handoff: Handoff;
  /** The session, as it is after the call. */
  session: Session;
  /** Present if the handoff is a `take_over`: what the former owner wrote last. */
  tookOver?: TookOver | undefined;
  /** What to read first. */
  briefing: Briefing;
  /**
   * Present if this is the first answer again, to a call with the same idempotency key, or to a repeated acceptance.
   */
  replayed?: true | undefined;
}

/** The arguments of `resolveHandoff`. */
export interface ResolveHandoffInput {
  /** The agent that the call acts as. Default: the agent of the view, or the option `agent`. */
  readonly agent?: string | undefined;
  /**
   * Makes a retry safe: the same call with the same key changes nothing, and gets the first answer again. At most 128
   * printable ASCII characters without spaces. Kept for at least 24 hours.
   */
  readonly idempotencyKey?: string | undefined;
  /** The id of the handoff. */
  readonly handoffId: string;
  /** How it ends. `returned` gives a `full_handoff` back to the requester. */
  readonly outcome: HandoffOutcome;
  /** Why it ends like this. At most 2,048 bytes. */
  readonly reason?: string | undefined;
  /** What came of it: data for programs, as a JSON object of at most 65,536 bytes. */
  readonly result?: JsonObject | undefined;
  /**
   * The session's epoch as the caller knows it. If ownership has moved since, the call is refused with OWNERSHIP_LOST.
   * Default: not checked.
   */
  readonly epoch?: number | undefined;
}

/** The answer of `resolveHandoff`. */
export interface ResolveHandoffResult {
  /** Says that recorded texts are data from the agents named, and no instructions to the reader. */
  note: string;
  /** The handoff, as it is after the call. */
  handoff: Handoff;
  /**
   * Present if this is the first answer again, to a call with the same idempotency key, or to a repeated acceptance.
   */
  replayed?: true | undefined;
}

/** The arguments of `listSessions`. */
export interface ListSessionsInput {
  /** The agent that the call acts as. Default: the agent of the view, or the option `agent`. */
  readonly agent?: string | undefined;
  /** Lists only this session, whole if `maxTokens` allows. */
  readonly sessionKey?: string | undefined;
  /** Lists only sessions of this status. */
  readonly status?: SessionStatus | undefined;
  /** Lists only sessions of this owner. */
  readonly owner?: string | undefined;
  /**
   * Lists what belongs to this project and what belongs to none, only what belongs to none (`none`), or everything
   * (`*`). Default: the caller's project; everything if it has none.
   */
  readonly project?: string | undefined;
  /** The most records of the answer. From 1 to 100. Default: `20`. */
  readonly limit?: number | undefined;
  /** The cursor of an earlier answer: goes on after that. */
  readonly cursor?: string | undefined;
  /**
   * The estimated tokens of the whole answer, shared equally among `limit` sessions. A page holds no more than fit.
   * From 400 to 200,000. Default: `8,000`.
   */
  readonly maxTokens?: number | undefined;
}

/** The answer of `listSessions`. */
export interface ListSessionsResult {
  /** Says that recorded texts are data from the agents named, and no instructions to the reader. */
  note?: string | undefined;
  /** The sessions, newest first. Large ones are cut: see `truncated`. */
  sessions: Session[];
  /** Reads on: pass it as `cursor`. Absent if nothing follows. */
  nextCursor?: string | undefined;
}

/** The arguments of `updateSession`. */
export interface UpdateSessionInput {
  /** The agent that the call acts as. Default: the agent of the view, or the option `agent`. */
  readonly agent?: string | undefined;
  /**
   * Makes a retry safe: the same call with the same key changes nothing, and gets the first answer again. At most 128
   * printable ASCII characters without spaces. Kept for at least 24 hours.
   */
  readonly idempotencyKey?: string | undefined;
  /** The key of the session. */
  readonly sessionKey: string;
  /** `completed` or `archived` closes the session, and `active` opens it again. */
  readonly status?: 'active' | 'completed' | 'archived' | undefined;
  /** A title for people. At most 400 bytes. */
  readonly title?: string | undefined;
  /** Where the work belongs from now on, or `none`. The session's pending offers move with it. */
  readonly project?: string | undefined;
  /** Replaces the metadata as a whole. */
  readonly metadata?: JsonObject | undefined;
  /** The session expires after this time without activity, counted from now. From 1 to 315,360,000. */
  readonly ttlSeconds?: number | undefined;
  /** Changes the session only if this is still its version. */
  readonly expectedVersion?: number | undefined;
  /**
   * The session's epoch as the caller knows it. If ownership has moved since, the call is refused with OWNERSHIP_LOST.
   * Default: not checked.
   */
  readonly epoch?: number | undefined;
}

/** The answer of `updateSession`. */
export interface UpdateSessionResult {
  /** Says that recorded texts are data from the agents named, and no instructions to the reader. */
  note: string;
  /** The session, as it is after the call. */
  session: Session;
  /**
   * Present if this is the first answer again, to a call with the same idempotency key, or to a repeated acceptance.
   */
  replayed?: true | undefined;
}

/** The arguments of all tools, by name. */
export interface ToolInputs {
  readonly registerSession: RegisterSessionInput;
  readonly updateContext: UpdateContextInput;
  readonly getContext: GetContextInput;
  readonly getBriefing: GetBriefingInput;
  readonly requestHandoff: RequestHandoffInput;
  readonly listHandoffs: ListHandoffsInput;
  readonly acceptHandoff: AcceptHandoffInput;
  readonly resolveHandoff: ResolveHandoffInput;
  readonly listSessions: ListSessionsInput;
  readonly updateSession: UpdateSessionInput;
}

/** The answers of all tools, by name. */
export interface ToolResults {
  readonly registerSession: RegisterSessionResult;
  readonly updateContext: UpdateContextResult;
  readonly getContext: GetContextResult;
  readonly getBriefing: GetBriefingResult;
  readonly requestHandoff: RequestHandoffResult;
  readonly listHandoffs: ListHandoffsResult;
  readonly acceptHandoff: AcceptHandoffResult;
  readonly resolveHandoff: ResolveHandoffResult;
  readonly listSessions: ListSessionsResult;
  readonly updateSession: UpdateSessionResult;
}
