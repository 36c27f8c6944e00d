// Generated from the schemas by `npm run docs`. Edit those.

import type { ContextType } from './entry.js';
import type { HandoffStatus, RequestType } from './handoff.js';
import type { JsonObject } from './json.js';
import type { SessionStatus } from './session.js';

/** A session, as callers see it. Times are ISO 8601 in UTC. */
export interface Session {
  /** Its name, unique in its namespace. */
  sessionKey: string;
  /** The tenant that it belongs to. */
  namespace: string;
  /** Its status at the time of the answer. */
  status: SessionStatus;
  /** The agent that may write, hand over and close. */
  owner: string;
  /** Other agents that may append. Never includes the owner. */
  participants: string[];
  /** The fencing token: starts at 1, and grows by one whenever ownership moves. */
  epoch: number;
  /** Starts at 1, and grows with every change of the session itself. Appends do not change it. */
  version: number;
  /** The sequence of the newest entry, or 0 if the log is empty. */
  lastSequence: number;
  /** Its title for people. */
  title?: string | undefined;
  /** Where the work belongs. Absent if it belongs nowhere: every list shows it. */
  project?: string | undefined;
  /** Data for programs. */
  metadata: JsonObject;
  /** When it was registered. */
  createdAt: string;
  /** When the session itself last changed. Appends do not change it. */
  updatedAt: string;
  /** When an agent last wrote to it, handed it over or changed it. */
  lastActivityAt: string;
  /** When it expires unless an agent writes to it. Absent if it never does. */
  expiresAt?: string | undefined;
  /**
   * Present while an agent asks for the session. The owner declines or yields; if it is silent, it loses the session.
   */
  takeOver?: TakeOver | undefined;
  /**
   * Fields that are cut or left out to fit the answer's budget. `listSessions` with this `sessionKey` and more
   * `maxTokens` shows them whole.
   */
  truncated?: string[] | undefined;
}

/** One immutable entry of a session's log, as callers see it. */
export interface Entry {
  /** 1, 2, 3 … in each session, without gaps. */
  sequence: number;
  /** What kind of thing was recorded. */
  contextType: ContextType;
  /** The agent that wrote it. */
  agent: string;
  /** The content, or the part of it that was asked for and fits. */
  content: string;
  /** Present if more content follows. */
  truncated?: true | undefined;
  /** Where the rest begins, in characters (Unicode code points). Pass it as `contentOffset` with `limit: 1`. */
  nextContentOffset?: number | undefined;
  /** UTF-8 bytes of the whole content. */
  contentBytes: number;
  /** Estimated tokens of the whole content. */
  estimatedTokens: number;
  /** Data for programs, as the agent wrote it. */
  metadata: JsonObject;
  /** Present if `metadata` does not fit and is shown empty. `limit: 1` and more `maxTokens` show it. */
  metadataOmitted?: true | undefined;
  /** Present if it comes first in every briefing. */
  pinned?: true | undefined;
  /** When it was appended. ISO 8601 in UTC. */
  createdAt: string;
}

/** A handoff, as callers see it. Times are ISO 8601 in UTC. */
export interface Handoff {
  /** Its id, which `acceptHandoff` and `resolveHandoff` take. */
  handoffId: string;
  /** The session that is offered. */
  sessionKey: string;
  /** The session's project. It says where the offer is shown; any agent that knows the `handoffId` may accept it. */
  project?: string | undefined;
  /** What acceptance does. */
  requestType: RequestType;
  /** Its status at the time of the answer. */
  status: HandoffStatus;
  /** The agent that offers the session. */
  requestingAgent: string;
  /** An agent, or `role:NAME`. Absent if any agent may accept. Of a `take_over`: the owner that is asked. */
  targetAgent?: string | undefined;
  /** The agent that accepted it. Absent while it is pending. */
  acceptedBy?: string | undefined;
  /** The sequence of the newest entry when the handoff was requested. Its briefing covers the log up to there. */
  uptoSequence: number;
  /** Goal, state, decisions and open questions, by the requesting agent. */
  summary?: string | undefined;
  /** What to do next, by the requesting agent. */
  instructions?: string | undefined;
  /** Data for programs, by the requesting agent. */
  requestData?: JsonObject | undefined;
  /**
   * Fields that are cut or left out to fit the answer's budget. `listHandoffs` with this `handoffId` and more
   * `maxTokens` shows them whole.
   */
  truncated?: string[] | undefined;
  /** When it was requested. */
  createdAt: string;
  /** When the offer lapses if no agent accepts it. */
  expiresAt?: string | undefined;
  /** When the acceptor loses the session if it does not write. Absent without a lease. */
  leaseExpiresAt?: string | undefined;
  /** When it was completed, rejected, cancelled or returned. */
  resolvedAt?: string | undefined;
  /** Why it was resolved like this. */
  reason?: string | undefined;
  /** What came of it: data for programs, by the acceptor. */
  result?: JsonObject | undefined;
}

/** What a resuming agent reads first. The whole briefing, as JSON, stays within the requested token budget. */
export interface Briefing {
  /** The session's state, instructions, summary, and how to read on. Never repeats `entries`. */
  text: string;
  /** Pinned entries and the newest ones that fit, each once, by ascending sequence. */
  entries: Entry[];
  /** Pinned entries that did not fit, newest first. */
  pinnedOmitted?:
    | {
        /** Its sequence: `getContext` with `afterSequence` one less and `limit: 1` reads it. */
        sequence: number;
        /** Its beginning, on one line. */
        preview: string;
      }[]
    | undefined;
  /**
   * What is not shown of the log up to `uptoSequence`. `pinned` counts the pins that are in neither `entries` nor
   * `pinnedOmitted`; repetitions of a shown pin are among them.
   */
  omitted: {
    /** How many entries. */
    entries: number;
    /** Their estimated tokens. */
    estimatedTokens: number;
    /** How many of them are pinned. Absent if none is. */
    pinned?: number | undefined;
  };
  /** Estimated tokens of this briefing as JSON. */
  estimatedTokens: number;
  /** The sequence of the newest entry that the briefing covers. */
  uptoSequence: number;
  /** How many entries were appended after `uptoSequence`. */
  newSince: number;
  /** For `getContext`: reads the entries before the newest ones shown. Absent if there are none. */
  nextCursor?: string | undefined;
}

/** A pending request to take a session over, as callers see it on the session. */
export interface TakeOver {
  /** The request, a handoff of type `take_over`. If several are pending, the one that lapses last. */
  handoffId: string;
  /** The agent that asks for the session. */
  requestedBy: string;
  /** When the requester may accept it, if the owner does not write before. Each write of the owner moves it on. */
  acceptableAt: string;
}

/** What is known of the owner from which a session was taken over: the new owner may lack what came after. */
export interface TookOver {
  /** The former owner. */
  from: string;
  /** The newest entry that it appended. Absent if there is none since it became the owner. */
  lastSequence?: number | undefined;
  /** When it last wrote to the session, appends or other calls. Absent if it did not since it became the owner. */
  lastWroteAt?: string | undefined;
}
