import type { NoticeUnsettled } from '../settler.js';
import { prepareAppendEntry } from './append-entry.js';
import { prepareClaimHandoff } from './claim-handoff.js';
import { prepareCreateHandoff } from './create-handoff.js';
import { prepareCreateSession } from './create-session.js';
import { prepareCountNamespace } from './count-namespace.js';
import type { Database } from './database.js';
import { prepareDeleteSession } from './delete-session.js';
import { prepareExpireOffers } from './expire-offers.js';
import type { GroupCommitOptions } from './group-commit.js';
import { prepareListHandoffs } from './list-handoffs.js';
import { prepareListSessionKeys } from './list-session-keys.js';
import { prepareListSessions } from './list-sessions.js';
import { prepareMarkRead } from './mark-read.js';
import { preparePeekInboxes } from './peek-inboxes.js';
import { preparePing } from './ping.js';
import { prepareReadBriefing } from './read-briefing.js';
import { prepareReadChangeMark } from './read-change-mark.js';
import { prepareReadEntries } from './read-entries.js';
import { prepareReadHandoff } from './read-handoff.js';
import { prepareReadSession } from './read-session.js';
import { prepareReadTail } from './read-tail.js';
import { prepareResolveHandoff } from './resolve-handoff.js';
import { prepareSettleDueLeases } from './settle-due-leases.js';
import { prepareUpdateSession } from './update-session.js';

/**
 * Compiles every statement that the store will ever run.
 *
 * @param notice is told what reads find that is not stored yet
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
    markRead: prepareMarkRead(database),
    readBriefing: prepareReadBriefing(database, notice),
    createHandoff: prepareCreateHandoff(database),
    readHandoff: prepareReadHandoff(database, notice),
    listHandoffs: prepareListHandoffs(database, notice),
    peekInboxes: preparePeekInboxes(database, notice),
    claimHandoff: prepareClaimHandoff(database),
    resolveHandoff: prepareResolveHandoff(database),
    countNamespace: prepareCountNamespace(database, notice),
    settleDueLeases: prepareSettleDueLeases(database),
    expireOffers: prepareExpireOffers(database),
    ping: preparePing(database),
    readChangeMark: prepareReadChangeMark(database),
  };
}
