import type { ContextStore, UseCaseName } from '@org/domain';

/**
 * What commands work on: a database or a server. Its methods are those of a context store, and throw what those throw.
 * A server does not have those of operators: they throw a `CommandError` that names DATABASE_URL.
 */
export interface Target extends Pick<
  ContextStore,
  UseCaseName | 'entries' | 'takeOverSession' | 'deleteSession' | 'close'
> {
  /** Where it is, for messages: without secrets. */
  readonly place: string;
  /** The namespace of the calls. Undefined if the server decides it. */
  readonly namespace: string | undefined;
}
