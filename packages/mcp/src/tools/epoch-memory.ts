import type { Handoff, Session } from '@org/domain';

/**
 * Maximum number of sessions, and of handoffs. Enough for a process that serves one person. The least recently remembered
 * one is dropped first.
 */
const capacity = 10_000;

export interface RememberedEpoch {
  readonly epoch: number;
  /** False if it was learnt from an append: appends succeed for participants too, and do not tell them from the owner. */
  readonly isOwners: boolean;
  /** The lease on which this process accepted the session at this epoch. */
  readonly leaseSeconds?: number | undefined;
}

/**
 * The epoch at which this process last owned each session, or wrote to it. Sending it fences this process even against
 * another process with the same agent name: this one no longer writes to what was handed on elsewhere.
 */
export interface EpochMemory {
  readonly recall: (agent: string, sessionKey: string) => RememberedEpoch | undefined;
  /**
   * Records a session that the agent owns. Answers may overtake each other, so an older epoch never replaces a newer one.
   * If the agent is a participant, its epoch is dropped: participants write under any owner. If it is neither, nothing
   * changes, so that reading a session does not lift the fence.
   *
   * @param leaseSeconds the lease, if the agent has just accepted the session on one. A known one is kept
   */
  readonly remember: (
    agent: string,
    session: Pick<Session, 'owner' | 'participants' | 'sessionKey' | 'epoch'>,
    leaseSeconds?: number,
  ) => void;
  /** Drops the epoch of a session that no longer exists. */
  readonly forget: (agent: string, sessionKey: string) => void;
  /** Records a successful append. It never replaces the epoch of a session that the agent owns. */
  readonly rememberAppend: (agent: string, append: Pick<Session, 'sessionKey' | 'epoch'>) => void;
  /** The session of a handoff that an answer showed to this process. */
  readonly sessionOf: (handoffId: string) => string | undefined;
  readonly rememberHandoff: (handoff: Pick<Handoff, 'handoffId' | 'sessionKey'>) => void;
}

export function createEpochMemory(): EpochMemory {
  const epochs = new Map<string, RememberedEpoch>();
  const sessionKeys = new Map<string, string>();
  const keep = (key: string, remembered: RememberedEpoch): void => keepNewest(epochs, key, remembered);
  return {
    recall: (agent, sessionKey) => epochs.get(keyOf(agent, sessionKey)),
    remember(agent, { owner, participants, sessionKey, epoch }, accepted) {
      const key = keyOf(agent, sessionKey);
      const known = epochs.get(key);
      if (epoch < (known?.epoch ?? 0)) return;
      const leaseSeconds = accepted ?? (known?.epoch === epoch ? known.leaseSeconds : undefined);
      if (owner === agent) keep(key, { epoch, isOwners: true, ...(leaseSeconds !== undefined && { leaseSeconds }) });
      else if (participants.includes(agent)) epochs.delete(key);
    },
    forget: (agent, sessionKey) => void epochs.delete(keyOf(agent, sessionKey)),
    rememberAppend(agent, { sessionKey, epoch }) {
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
