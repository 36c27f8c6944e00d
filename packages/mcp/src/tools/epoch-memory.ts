import type { Handoff, Session } from '@org/domain';
import { isNameOf, type Actor } from '../find-acting-agent.js';

/**
 * Maximum number of sessions, and of handoffs. Enough for a process that serves one person. The least recently remembered
 * one is dropped first.
 */
const capacity = 10_000;

export interface RememberedEpoch {
  readonly epoch: number;
  /** False if it was learnt from an append: appends succeed for participants too, and do not tell them from the owner. */
  readonly isOwners: boolean;
}

/**
 * The epoch at which this process last owned each session, or wrote to it. Sending it fences this process even against
 * another process with the same agent name: this one no longer writes to what was handed on elsewhere.
 */
export interface EpochMemory {
  readonly recall: (actor: Actor, sessionKey: string) => RememberedEpoch | undefined;
  /**
   * Records a session that the agent owns. Answers may overtake each other, so an older epoch never replaces a newer one.
   * If the agent is a participant, its epoch is dropped: participants write under any owner. If it is neither, nothing
   * changes, so that reading a session does not lift the fence.
   */
  readonly remember: (actor: Actor, session: Pick<Session, 'owner' | 'participants' | 'sessionKey' | 'epoch'>) => void;
  /** Drops the epoch of a session that no longer exists. */
  readonly forget: (actor: Actor, sessionKey: string) => void;
  /** Records a successful append. It never replaces the epoch of a session that the agent owns. */
  readonly rememberAppend: (actor: Actor, append: Pick<Session, 'sessionKey' | 'epoch'>) => void;
  /** The session of a handoff that an answer showed to this process. */
  readonly sessionOf: (handoffId: string) => string | undefined;
  readonly rememberHandoff: (handoff: Pick<Handoff, 'handoffId' | 'sessionKey'>) => void;
}

export function createEpochMemory(): EpochMemory {
  const epochs = new Map<string, RememberedEpoch>();
  const sessionKeys = new Map<string, string>();
  const keep = (key: string, remembered: RememberedEpoch): void => keepNewest(epochs, key, remembered);
  return {
    recall: ({ agent }, sessionKey) => epochs.get(keyOf(agent, sessionKey)),
    remember(actor, { owner, participants, sessionKey, epoch }) {
      const key = keyOf(actor.agent, sessionKey);
      if (epoch < (epochs.get(key)?.epoch ?? 0)) return;
      if (isNameOf(actor, owner)) keep(key, { epoch, isOwners: true });
      else if (participants.some((name) => isNameOf(actor, name))) epochs.delete(key);
    },
    forget: ({ agent }, sessionKey) => void epochs.delete(keyOf(agent, sessionKey)),
    rememberAppend({ agent }, { sessionKey, epoch }) {
      const key = keyOf(agent, sessionKey);
      const known = epochs.get(key);
      if (known === undefined || (!known.isOwners && known.epoch < epoch)) keep(key, { epoch, isOwners: false });
    },
    sessionOf: (handoffId) => sessionKeys.get(handoffId),
    rememberHandoff: ({ handoffId, sessionKey }) => keepNewest(sessionKeys, handoffId, sessionKey),
  };
}

function keepNewest<Value>(kept: Map<string, Value>, key: string, value: Value): void {
  kept.delete(key);
  kept.set(key, value);
  const [oldest] = kept.keys();
  if (kept.size > capacity && oldest !== undefined) kept.delete(oldest);
}

/** Neither name can contain a space. */
const keyOf = (agent: string, sessionKey: string): string => `${agent} ${sessionKey}`;
