import type {
  ContextType,
  HandoffOutcome,
  HandoffStatus,
  ProjectFilter,
  RequestType,
  SessionState,
  SessionStatus,
  TakeOverPolicy,
} from '@org/domain';

export const scriptAgents = ['ann', 'bob', 'cat'] as const;
export const scriptSessions = ['alpha', 'beta'] as const;

/** The acting agent: by name, or by its part in the session or handoff when the command runs. */
export type Actor = (typeof scriptAgents)[number] | 'owner' | 'acceptor' | 'requester';
/** A number relative to the current value when the command runs. */
export type Relative = -1 | 0 | 1;

/** Returns the number that a script means, given the current value. */
export const relativeTo = (value: number | undefined, relative: Relative | undefined): number | undefined =>
  value === undefined || relative === undefined ? undefined : Math.max(0, value + relative);

interface OnSession {
  readonly session: (typeof scriptSessions)[number];
}
interface Writing {
  readonly actor: Actor;
  /** The idempotency key. */
  readonly key: string | undefined;
}
interface OnHandoff extends Writing {
  /** Counts back from the newest offer, and starts again there after the oldest. */
  readonly back: number;
  /** The process of the agent. */
  readonly claimant: string | undefined;
}

/** A command of a script. The player resolves its sessions, handoffs and cursors when the command runs. */
export type Command =
  | ({
      readonly kind: 'create';
      readonly ifExists: 'error' | 'resume';
      readonly title: string | undefined;
      readonly project: string | undefined;
      readonly ttlTicks: number | undefined;
    } & OnSession &
      Writing)
  | ({
      readonly kind: 'update';
      readonly state: SessionState | undefined;
      readonly title: string | undefined;
      readonly project: string | null | undefined;
      readonly ttlTicks: number | undefined;
      readonly epoch: Relative | undefined;
      readonly version: Relative | undefined;
    } & OnSession &
      Writing)
  | ({ readonly kind: 'delete' } & OnSession)
  | ({
      readonly kind: 'append';
      readonly contextType: ContextType;
      readonly pinned: boolean;
      readonly epoch: Relative | undefined;
      readonly sequence: Relative | undefined;
    } & OnSession &
      Writing)
  | ({
      readonly kind: 'read';
      readonly direction: 'ascending' | 'descending';
      readonly types: readonly ContextType[] | undefined;
      readonly after: number;
      readonly before: number | undefined;
      readonly limit: number;
      /** The page size of `readTail`. Undefined reads the range with `readEntries`. */
      readonly pageSize: number | undefined;
    } & OnSession)
  | ({ readonly kind: 'mark'; readonly actor: Actor; readonly sequence: number | undefined } & OnSession)
  | ({ readonly kind: 'logEnd' } & OnSession)
  | ({ readonly kind: 'brief'; readonly upto: number | undefined } & OnSession)
  | ({
      readonly kind: 'offer';
      readonly requestType: RequestType;
      readonly target: string | undefined;
      readonly expiresInTicks: number;
      readonly epoch: Relative | undefined;
      readonly takeOverBy: TakeOverPolicy | undefined;
      readonly callerProject: string | undefined;
    } & OnSession &
      Writing)
  | ({
      readonly kind: 'claim';
      readonly leaseTicks: number | undefined;
      readonly takeOverAfterTicks: number;
    } & OnHandoff)
  | ({ readonly kind: 'resolve'; readonly outcome: HandoffOutcome; readonly epoch: Relative | undefined } & OnHandoff)
  | {
      readonly kind: 'list';
      readonly agent: string;
      readonly roles: readonly string[];
      readonly direction: 'inbox' | 'outbox';
      readonly projects: ProjectFilter | undefined;
      readonly status: HandoffStatus | undefined;
      readonly limit: number;
    }
  /** Peeks into the inbox of an earlier listing, and continues it where it ended. */
  | { readonly kind: 'listOn'; readonly back: number; readonly limit: number }
  | {
      readonly kind: 'sessions';
      readonly owner: string | undefined;
      readonly projects: ProjectFilter | undefined;
      readonly status: SessionStatus | undefined;
      readonly limit: number;
    }
  /** Gives a session to an agent, as an operator does. */
  | ({ readonly kind: 'give'; readonly agent: string; readonly reason: string | undefined } & OnSession)
  | { readonly kind: 'note'; readonly names: readonly string[] }
  | { readonly kind: 'count' }
  /** Moves the clock; a negative number sets it back. */
  | { readonly kind: 'advance'; readonly ticks: number }
  /** Sends an earlier mutation again, unchanged. */
  | { readonly kind: 'retry'; readonly back: number };

/** Random commands on one or two sessions of a namespace. */
export interface Script {
  readonly sessionCount: 1 | 2;
  readonly commands: readonly Command[];
}
