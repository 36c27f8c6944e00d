import type { NoticeUnsettled } from '../../settler.js';
import { prepareAppendEntry } from './log/append-entry.js';
import { prepareClaimHandoff } from './handoffs/claim-handoff.js';
import type { Connection } from '../connection/connection.js';
import { prepareCountNamespace } from './count-namespace.js';
import { prepareCreateHandoff } from './handoffs/create-handoff.js';
import { prepareCreateSession } from './sessions/create-session.js';
import { prepareDeleteSession } from './sessions/delete-session.js';
import { prepareExpireOffers } from '../leases/expire-offers.js';
import { prepareListAgents } from './list-agents.js';
import { prepareListHandoffs } from './handoffs/list-handoffs.js';
import { prepareListSessionKeys } from './sessions/list-session-keys.js';
import { prepareListSessions } from './sessions/list-sessions.js';
import { prepareMarkRead } from './log/mark-read.js';
import { prepareNoteAgents } from './note-agents.js';
import { preparePeekInboxes } from './handoffs/peek-inboxes.js';
import { preparePing } from './ping.js';
import { prepareReadBriefing } from './log/read-briefing.js';
import { prepareReadEntries } from './log/read-entries.js';
import { prepareReadHandoff } from './handoffs/read-handoff.js';
import { prepareReadSession } from './sessions/read-session.js';
import { prepareReadLogEnd } from './log/read-log-end.js';
import { prepareReadTail } from './log/read-tail.js';
import { prepareResolveHandoff } from './handoffs/resolve-handoff.js';
import { prepareSettleDueLeases } from '../leases/settle-due-leases.js';
import { prepareTakeOverSession } from './sessions/take-over-session.js';
import { prepareUpdateSession } from './sessions/update-session.js';

/**
 * Prepares all statements of the store.
 *
 * @param notice receives the changes that reads found and that are not stored yet
 */
export function prepareOperations(connection: Connection, notice: NoticeUnsettled = () => undefined) {
  const markRead = prepareMarkRead(connection);
  return {
    writes: {
      createSession: prepareCreateSession(connection),
      updateSession: prepareUpdateSession(connection),
      deleteSession: prepareDeleteSession(connection),
      appendEntry: prepareAppendEntry(connection),
      moveMark: markRead,
      createHandoff: prepareCreateHandoff(connection),
      claimHandoff: prepareClaimHandoff(connection),
      resolveHandoff: prepareResolveHandoff(connection),
      noteAgents: prepareNoteAgents(connection),
      takeOverSession: prepareTakeOverSession(connection),
      settleDueLeases: prepareSettleDueLeases(connection),
      expireOffers: prepareExpireOffers(connection),
    },
    reads: {
      readSession: prepareReadSession(connection, notice),
      listSessions: prepareListSessions(connection, notice),
      listSessionKeys: prepareListSessionKeys(connection),
      readEntries: prepareReadEntries(connection, notice),
      readTail: prepareReadTail(connection, notice),
      readLogEnd: prepareReadLogEnd(connection, notice),
      readMark: markRead,
      readBriefing: prepareReadBriefing(connection, notice),
      readHandoff: prepareReadHandoff(connection, notice),
      listHandoffs: prepareListHandoffs(connection, notice),
      peekInboxes: preparePeekInboxes(connection, notice),
      listAgents: prepareListAgents(connection),
      countNamespace: prepareCountNamespace(connection, notice),
      ping: preparePing(connection),
    },
  };
}
