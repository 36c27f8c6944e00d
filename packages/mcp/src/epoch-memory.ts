import type { Session } from '@org/domain';

/** Enough for any process that serves one person; the oldest is forgotten first. */
const capacity = 10_000;

/**
 * The epoch at which this process last held each session. Sending it along fences a process even against another one that
 * acts under the same agent name: what was handed on elsewhere is no longer written to from here.
 */
export interface EpochMemory {
  readonly recall: (agent: string, sessionKey: string) => number | undefined;
  /**
   * Takes note of a session that was given to the agent. An older epoch never replaces a newer one: answers may overtake
   * each other. A participant needs no epoch, and may go on whoever the owner is; to anyone else a session that belongs to
   * another agent tells nothing, so that looking at it does not lift the fence.
   */
  readonly remember: (agent: string, session: Pick<Session, 'owner' | 'participants' | 'sessionKey' | 'epoch'>) => void;
}

export function createEpochMemory(): EpochMemory {
  const epochs = new Map<string, number>();
  return {
    recall: (agent, sessionKey) => epochs.get(keyOf(agent, sessionKey)),
    remember(agent, { owner, participants, sessionKey, epoch }) {
      const key = keyOf(agent, sessionKey);
      if (epoch < (epochs.get(key) ?? 0)) return;
      if (owner !== agent && !participants.includes(agent)) return;
      epochs.delete(key);
      if (owner !== agent) return;
      epochs.set(key, epoch);
      const [oldest] = epochs.keys();
      if (epochs.size > capacity && oldest !== undefined) epochs.delete(oldest);
    },
  };
}

/** Neither name can hold a space. */
const keyOf = (agent: string, sessionKey: string): string => `${agent} ${sessionKey}`;
