import type { Scope } from '@org/domain';

/** An authenticated caller. */
export interface Principal {
  /** Identifies the caller in limits and in the log. It is no secret. */
  readonly id: string;
  readonly namespace: string;
  /** The only agent that the caller may act as. Undefined if each call names its agent. */
  readonly agent?: string | undefined;
  readonly scopes: readonly Scope[];
  /** When the credential must be checked again, in seconds since 1970. */
  readonly expiresAt: number;
}

/** The variables that middleware sets on a request. */
export interface AppVariables {
  /** Undefined if the server does not ask for credentials. */
  readonly principal?: Principal;
}
