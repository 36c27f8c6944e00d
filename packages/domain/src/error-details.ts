import type { HandoffStatus } from './model/handoff.js';

/** Whether a failed call has changed nothing (`no`) or may have been carried out (`unknown`). */
export type Written = 'no' | 'unknown';

/** One argument or option that is wrong. */
export interface Issue {
  /** The name of the argument. A dot separates the names of nested ones. */
  readonly path: string;
  /** What is wrong with it, and what it should be. */
  readonly message: string;
}

/**
 * Every error code, and its `details`; `errorCodes` says what the codes mean. `isContextStoreError(error, code)` gives
 * `error.details` the type of its code, and the constructor of `ContextStoreError` takes no others.
 */
// Types and not interfaces: those could not be read as records.
export type ErrorDetails = {
  readonly VALIDATION_ERROR: {
    /** Every wrong argument; of very many, the first ones. */
    readonly issues: readonly Issue[];
    /** The owner of the session, if the call named another agent in its place. */
    readonly owner?: string;
    /** The epoch of the session, if the agent owns it already. */
    readonly epoch?: number;
    /** The sequence of the newest entry, if the call named a later one. */
    readonly lastSequence?: number;
  };
  readonly SESSION_NOT_FOUND: {
    /** The key that no session has. */
    readonly sessionKey: string;
  };
  readonly SESSION_EXISTS: {
    /** The key that is taken. */
    readonly sessionKey: string;
    /** The owner of the session that has it. */
    readonly owner: string;
  };
  readonly SESSION_NOT_ACTIVE: {
    /** The session. */
    readonly sessionKey: string;
    /** Its status. */
    readonly status: string;
    /** Its owner, who may set it active again. */
    readonly owner?: string;
    /** The status that the call asked for. */
    readonly requested?: string;
  };
  readonly SESSION_EXPIRED: {
    /** The session. */
    readonly sessionKey: string;
    /** Its owner, who may extend it. */
    readonly owner: string;
  };
  readonly NOT_A_PARTICIPANT: {
    /** The session. */
    readonly sessionKey: string;
    /** The agent that may not write to it. */
    readonly agent: string;
    /** Its owner, who may offer a handoff. */
    readonly owner: string;
  };
  readonly OWNERSHIP_LOST: {
    /** The session. */
    readonly sessionKey: string;
    /** Its owner now. */
    readonly owner: string;
    /** Its epoch now. */
    readonly epoch: number;
    /** The handoff that the call named, if another process holds it. */
    readonly handoffId?: string;
    /** When the owner took the session over. ISO 8601 in UTC. Absent if it became the owner in another way. */
    readonly takenOverAt?: string;
    /** The handoff to accept again, if the lease of the agent lapsed and no agent has taken the session since. */
    readonly lapsedHandoffId?: string;
  };
  readonly SEQUENCE_CONFLICT: {
    /** The session. */
    readonly sessionKey: string;
    /** The sequence that the call expected. */
    readonly expectedSequence: number;
    /** The sequence of the newest entry. */
    readonly lastSequence: number;
  };
  readonly VERSION_CONFLICT: {
    /** The session. */
    readonly sessionKey: string;
    /** The version that the call expected. */
    readonly expectedVersion: number;
    /** The version of the session. */
    readonly version: number;
  };
  readonly IDEMPOTENCY_MISMATCH: {
    /** The key that was used before. */
    readonly idempotencyKey: string;
    /** The method that it was used for. */
    readonly tool: string;
  };
  readonly HANDOFF_NOT_FOUND: {
    /** The id that no handoff has. */
    readonly handoffId: string;
  };
  readonly HANDOFF_NOT_PENDING: {
    /** The handoff. */
    readonly handoffId: string;
    /** The status that the call asked for. */
    readonly requested: HandoffStatus;
    /** Its status, unless its type is the reason. */
    readonly status?: HandoffStatus;
    /** Its type, if that is the reason. */
    readonly requestType?: string;
  };
  readonly HANDOFF_CLAIMED: {
    /** The handoff. */
    readonly handoffId: string;
    /** The agent that accepted it. */
    readonly acceptedBy: string;
    /** Its status. */
    readonly status: HandoffStatus;
  };
  readonly HANDOFF_EXPIRED: {
    /** The handoff. */
    readonly handoffId: string;
    /** Its status. */
    readonly status: HandoffStatus;
    /** The status that the call asked for. */
    readonly requested: HandoffStatus;
  };
  readonly TAKE_OVER_TOO_EARLY: {
    /** The session. */
    readonly sessionKey: string;
    /** Its owner. */
    readonly owner: string;
    /** How long to wait before the call is sent again, in milliseconds. */
    readonly retryAfterMs: number;
    /** The request, unless the session is held on a lease. */
    readonly handoffId?: string;
    /** When the request can be accepted, if the owner does not write before. ISO 8601 in UTC. */
    readonly acceptableAt?: string;
    /** When the owner last wrote to the session. ISO 8601 in UTC. Absent if it has not. */
    readonly ownerWroteAt?: string;
    /** When the lease of the owner ends. ISO 8601 in UTC. */
    readonly leaseExpiresAt?: string;
    /** The agent to which the session goes back then. */
    readonly returnsTo?: string;
  };
  readonly CONTENT_TOO_LARGE: {
    /** The size of the content, in UTF-8 bytes. */
    readonly contentBytes: number;
    /** The most that the store takes: its option `maxContentBytes`. */
    readonly maxContentBytes: number;
  };
  readonly RATE_LIMITED: {
    /** How long to wait before the call is sent again, in milliseconds. */
    readonly retryAfterMs: number;
  };
  readonly OVERLOADED: {
    /** How long to wait before the call is sent again, in milliseconds. */
    readonly retryAfterMs: number;
  };
  readonly CANCELLED: NoDetails;
  readonly UNAUTHORIZED: NoDetails;
  readonly FORBIDDEN: {
    /** The agent that may not do this. */
    readonly agent?: string;
    /** The only agent that the caller may act as. */
    readonly boundAgent?: string;
    /** The session that it concerns. */
    readonly sessionKey?: string;
    /** The owner of that session, who may do it. */
    readonly owner?: string;
    /** The handoff that it concerns. */
    readonly handoffId?: string;
    /** The address of that handoff. */
    readonly targetAgent?: string;
    /** The status that the call asked for. */
    readonly requested?: HandoffStatus;
    /** The agent that made the handoff, if it alone may accept it. */
    readonly requestingAgent?: string;
    /** The option that says which agents may ask for a session, if it is the reason. */
    readonly takeOverBy?: string;
    /** The scopes that the credential lacks. */
    readonly missingScopes?: readonly string[];
  };
  readonly STORE_UNAVAILABLE: {
    /** Whether the call may have been carried out. */
    readonly written: Written;
    /** The time that the call was given, in milliseconds, if it took longer. */
    readonly callTimeoutMs?: number;
    /** The folder that could not be made, if that is the reason. */
    readonly folder?: string;
    /** The schema version of the database, if that is the reason. */
    readonly schemaVersion?: number;
    /** The schema version that this release knows, if that is the reason. */
    readonly knownVersion?: number;
  };
  readonly STORE_CLOSED: {
    /** Whether the call may have been carried out. */
    readonly written: Written;
  };
  readonly INTERNAL_ERROR: NoDetails;
};

/** An empty object. */
export type NoDetails = Readonly<Record<string, never>>;
