import type { Handoff, Session } from '@org/domain';

/** Of sessions, and of handoffs. Enough for any process that serves one person; the oldest is forgotten first. */
const capacity = 10_000;

export interface RememberedEpoch {
  readonly epoch: number;
  /** Whether the session was the agent's own. An append succeeds for participants too, and does not tell them apart. */
  readonly isOwners: boolean;
}

/**
 * The epoch at which this process last held each session, or wrote to it. Sending it along fences a process even against
 * another one that acts under the same agent name: what was handed on elsewhere is no longer written to from here.
 */
export interface EpochMemory {
  readonly recall: (agent: string, sessionKey: string) => RememberedEpoch | undefined;
  /**
   * Takes note of a session that was given to the agent. An older epoch never replaces a newer one: answers may overtake
   * each other. A participant needs no epoch, and may go on whoever the owner is; to anyone else a session that belongs to
   * another agent tells nothing, so that looking at it does not lift the fence.
   */
  readonly remember: (agent: string, session: Pick<Session, 'owner' | 'participants' | 'sessionKey' | 'epoch'>) => void;
  /** A session of this key is gone. */
  readonly forget: (agent: string, sessionKey: string) => void;
  /** Takes note of an append that succeeded. What is known of the agent's own session stays as it is. */
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
    remember(agent, { owner, participants, sessionKey, epoch }) {
      const key = keyOf(agent, sessionKey);
      if (epoch < (epochs.get(key)?.epoch ?? 0)) return;
      if (owner === agent) keep(key, { epoch, isOwners: true });
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

/** Neither name can hold a space. */
const keyOf = (agent: string, sessionKey: string): string => `${agent} ${sessionKey}`;
