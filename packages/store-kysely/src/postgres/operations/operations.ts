import type { NoticeUnsettled } from '../../settler.js';
import { prepareAppendEntry } from '../append/append-entry.js';
import { prepareClaimHandoff } from './handoffs/claim-handoff.js';
import { prepareCreateHandoff } from './handoffs/create-handoff.js';
import { prepareCreateSession } from './sessions/create-session.js';
import { prepareCountNamespace } from './count-namespace.js';
import type { Database } from '../statements/database.js';
import { prepareDeleteSession } from './sessions/delete-session.js';
import { prepareExpireOffers } from '../leases/expire-offers.js';
import type { GroupCommitOptions } from '../append/group-commit.js';
import { prepareListAgents } from './list-agents.js';
import { prepareListHandoffs } from './handoffs/list-handoffs.js';
import { prepareListSessionKeys } from './sessions/list-session-keys.js';
import { prepareListSessions } from './sessions/list-sessions.js';
import { prepareMarkRead } from './log/mark-read.js';
import { prepareNoteAgents } from './note-agents.js';
import { preparePeekInboxes } from './handoffs/peek-inboxes.js';
import { preparePing } from './ping.js';
import { prepareReadBriefing } from './log/read-briefing.js';
import { prepareReadChangeMark } from './read-change-mark.js';
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
 * Prepares all operations of the store.
 *
 * @param notice receives the changes that reads found and that are not stored yet
 */
export function prepareOperations(
  database: Database,
  groupCommit: GroupCommitOptions,
  notice: NoticeUnsettled = () => undefined,
) {
  return {
    createSession: prepareCreateSession(database),
    readSession: prepareReadSession(database, notice),
    listSessions: prepareListSessions(database, notice),
    listSessionKeys: prepareListSessionKeys(database),
    updateSession: prepareUpdateSession(database),
    deleteSession: prepareDeleteSession(database),
    appendEntry: prepareAppendEntry(database, groupCommit),
    readEntries: prepareReadEntries(database, notice),
    readTail: prepareReadTail(database, notice),
    readLogEnd: prepareReadLogEnd(database, groupCommit, notice),
    markRead: prepareMarkRead(database),
    readBriefing: prepareReadBriefing(database, notice),
    createHandoff: prepareCreateHandoff(database),
    readHandoff: prepareReadHandoff(database, notice),
    listHandoffs: prepareListHandoffs(database, notice),
    peekInboxes: preparePeekInboxes(database, notice),
    claimHandoff: prepareClaimHandoff(database),
    resolveHandoff: prepareResolveHandoff(database),
    noteAgents: prepareNoteAgents(database),
    listAgents: prepareListAgents(database),
    takeOverSession: prepareTakeOverSession(database),
    countNamespace: prepareCountNamespace(database, notice),
    settleDueLeases: prepareSettleDueLeases(database),
    expireOffers: prepareExpireOffers(database),
    ping: preparePing(database),
    readChangeMark: prepareReadChangeMark(database),
  };
}
