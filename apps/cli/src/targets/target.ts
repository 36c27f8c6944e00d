import type { ContextStore, UseCaseName } from '@org/domain';

/**
 * What commands work on: a database or a server. Its methods are those of a context store, and throw what those throw.
 */
export interface Target extends Pick<ContextStore, UseCaseName | 'entries' | 'close'> {
  /** Where it is, for messages: without secrets. */
  readonly place: string;
}

/** A database, which offers in addition what operators do, and no server does. */
export interface DatabaseTarget extends Target, Pick<ContextStore, 'takeOverSession' | 'deleteSession'> {
  /** The namespace of the calls. */
  readonly namespace: string;
}
