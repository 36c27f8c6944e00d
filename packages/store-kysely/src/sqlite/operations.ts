import type { NoticeUnsettled } from '../settler.js';
import { prepareAppendEntry } from './append-entry.js';
import { prepareClaimHandoff } from './claim-handoff.js';
import type { Connection } from './connection.js';
import { prepareCountNamespace } from './count-namespace.js';
import { prepareCreateHandoff } from './create-handoff.js';
import { prepareCreateSession } from './create-session.js';
import { prepareDeleteSession } from './delete-session.js';
import { prepareExpireOffers } from './expire-offers.js';
import { prepareListHandoffs } from './list-handoffs.js';
import { prepareListSessionKeys } from './list-session-keys.js';
import { prepareListSessions } from './list-sessions.js';
import { prepareMarkRead } from './mark-read.js';
import { preparePeekInboxes } from './peek-inboxes.js';
import { preparePing } from './ping.js';
import { prepareReadBriefing } from './read-briefing.js';
import { prepareReadEntries } from './read-entries.js';
import { prepareReadHandoff } from './read-handoff.js';
import { prepareReadSession } from './read-session.js';
import { prepareReadTail } from './read-tail.js';
import { prepareReplaying } from './replay.js';
import { prepareResolveHandoff } from './resolve-handoff.js';
import { prepareSettleDueLeases } from './settle-due-leases.js';
import { prepareUpdateSession } from './update-session.js';

/**
 * Prepares every statement that the store will ever run.
 *
 * @param notice is told what reads find that is not stored yet
 */
export function prepareOperations(connection: Connection, notice: NoticeUnsettled = () => undefined) {
  const replaying = prepareReplaying(connection);
  const markRead = prepareMarkRead(connection);
  return {
    writes: {
      createSession: replaying(prepareCreateSession(connection)),
      updateSession: replaying(prepareUpdateSession(connection), ({ sessionKey }) => sessionKey),
      deleteSession: prepareDeleteSession(connection),
      appendEntry: prepareAppendEntry(connection),
      moveMark: markRead,
      createHandoff: replaying(prepareCreateHandoff(connection), ({ sessionKey }) => sessionKey),
      claimHandoff: replaying(prepareClaimHandoff(connection)),
      resolveHandoff: replaying(prepareResolveHandoff(connection)),
      settleDueLeases: prepareSettleDueLeases(connection),
      expireOffers: prepareExpireOffers(connection),
    },
    reads: {
      readSession: prepareReadSession(connection, notice),
      listSessions: prepareListSessions(connection, notice),
      listSessionKeys: prepareListSessionKeys(connection),
      readEntries: prepareReadEntries(connection, notice),
      readTail: prepareReadTail(connection, notice),
      readMark: markRead,
      readBriefing: prepareReadBriefing(connection, notice),
      readHandoff: prepareReadHandoff(connection, notice),
      listHandoffs: prepareListHandoffs(connection, notice),
      peekInboxes: preparePeekInboxes(connection, notice),
      countNamespace: prepareCountNamespace(connection, notice),
      ping: preparePing(connection),
    },
  };
}
