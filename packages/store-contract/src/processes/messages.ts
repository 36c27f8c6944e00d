import type { ErrorBody } from '@org/domain';

/** A call to another process. */
export interface Call {
  readonly id: number;
  readonly method: string;
  readonly request: unknown;
}

/** What the call with this id came to. */
export type Answer = { readonly id: number } & ({ readonly value: unknown } | { readonly error: ErrorBody });
