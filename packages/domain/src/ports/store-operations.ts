import type { Store } from './store.js';

/**
 * The operations of a {@link Store}, in the order of its declaration: all of its methods except `ping` and `close`.
 * Layers that treat all operations alike are generated from this list by `mapStore`.
 */
export const storeOperations = [
  'createSession',
  'readSession',
  'listSessions',
  'listSessionKeys',
  'updateSession',
  'deleteSession',
  'appendEntry',
  'readEntries',
  'readTail',
  'readLogEnd',
  'markRead',
  'readBriefing',
  'createHandoff',
  'readHandoff',
  'listHandoffs',
  'peekInboxes',
  'claimHandoff',
  'resolveHandoff',
  'noteAgents',
  'listAgents',
  'takeOverSession',
  'countNamespace',
] as const satisfies readonly (keyof Store)[];

/** The name of an operation. */
export type StoreOperation = (typeof storeOperations)[number];

/** A {@link Store} without `ping` and `close`. */
export type StoreOperations = Pick<Store, StoreOperation>;
