import { prepareAppendEntry } from './append-entry.js';
import { prepareClaimHandoff } from './claim-handoff.js';
import type { Connection } from './connection.js';
import { prepareCreateHandoff } from './create-handoff.js';
import { prepareCreateSession } from './create-session.js';
import { prepareExpireOffers, prepareListHandoffs } from './list-handoffs.js';
import { prepareListSessionKeys } from './list-session-keys.js';
import { prepareListSessions } from './list-sessions.js';
import { preparePing } from './ping.js';
import { prepareReadBriefing } from './read-briefing.js';
import { prepareReadEntries } from './read-entries.js';
import { prepareReadSession } from './read-session.js';
import { prepareReplaying } from './replay.js';
import { prepareResolveHandoff } from './resolve-handoff.js';
import { prepareUpdateSession } from './update-session.js';

/** Prepares every statement that the store will ever run. */
export function prepareOperations(connection: Connection) {
  const replaying = prepareReplaying(connection);
  return {
    writes: {
      createSession: replaying(prepareCreateSession(connection)),
      updateSession: replaying(prepareUpdateSession(connection), ({ sessionKey }) => sessionKey),
      appendEntry: prepareAppendEntry(connection),
      createHandoff: replaying(prepareCreateHandoff(connection), ({ sessionKey }) => sessionKey),
      claimHandoff: replaying(prepareClaimHandoff(connection)),
      resolveHandoff: replaying(prepareResolveHandoff(connection)),
      expireOffers: prepareExpireOffers(connection),
    },
    reads: {
      readSession: prepareReadSession(connection),
      listSessions: prepareListSessions(connection),
      listSessionKeys: prepareListSessionKeys(connection),
      readEntries: prepareReadEntries(connection),
      readBriefing: prepareReadBriefing(connection),
      listHandoffs: prepareListHandoffs(connection),
      ping: preparePing(connection),
    },
  };
}
