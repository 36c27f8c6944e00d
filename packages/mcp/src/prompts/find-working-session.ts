import { ContextStoreError, limits, type ContextStore, type Session } from '@org/domain';
import { invalidParams } from '../errors/protocol-error.js';
import { findActingAgent } from '../find-acting-agent.js';

/** The newest sessions of an agent, among which the most recently active one is searched for. */
const newest = { limit: 100, maxTokens: limits.maxTokens };

/**
 * Finds the session of a prompt that names none: the one that this process works on, if the agent may still write to it.
 * Otherwise the most recently active one among the newest 100 that the agent owns.
 *
 * @param view of the caller
 * @param last the key of the session that this process last worked on, if it is known
 * @throws ProtocolError if there is none; ContextStoreError
 */
export async function findWorkingSession(view: ContextStore, last: string | undefined): Promise<string> {
  const agent = findActingAgent(view);
  const session =
    (await readLast(view, agent, last)) ?? (agent === undefined ? undefined : await findRecent(view, agent));
  if (session !== undefined) return session.sessionKey;
  throw invalidParams(
    agent === undefined
      ? 'sessionKey: missing. The server does not know under which name you act, so it cannot tell which session you work on. Pass sessionKey; listSessions has the keys.'
      : `sessionKey: missing, and ${agent} has no open session. Register one first (registerSession), or pass sessionKey; listSessions has the keys.`,
  );
}

const isOpen = ({ status }: Session): boolean => status === 'active' || status === 'dormant';

async function readLast(
  view: ContextStore,
  agent: string | undefined,
  last: string | undefined,
): Promise<Session | undefined> {
  if (last === undefined) return undefined;
  try {
    const session = await view.readSession(last);
    const isWriter = agent === undefined || [session.owner, ...session.participants].includes(agent);
    return isWriter && isOpen(session) ? session : undefined;
  } catch (error) {
    if (error instanceof ContextStoreError && error.code === 'SESSION_NOT_FOUND') return undefined;
    throw error;
  }
}

async function findRecent(view: ContextStore, agent: string): Promise<Session | undefined> {
  const { sessions } = await view.listSessions({ owner: agent, ...newest });
  const [recent] = sessions
    .filter(isOpen)
    .toSorted((a, b) => Date.parse(b.lastActivityAt) - Date.parse(a.lastActivityAt));
  return recent;
}
