import type { Scope } from '@org/mcp';

/** Who calls, once a credential was checked. */
export interface Principal {
  /** Names the caller in limits and in the log. Never a secret. */
  readonly id: string;
  readonly namespace: string;
  /** The only agent that it may act as. Absent: each call names one. */
  readonly agent?: string | undefined;
  readonly scopes: readonly Scope[];
  /** Until when all of that holds without another look, in seconds since 1970. */
  readonly expiresAt: number;
}

/** What the middleware leaves for whoever comes after it. */
export interface AppVariables {
  /** Absent: nobody asked for credentials. */
  readonly principal?: Principal;
}
