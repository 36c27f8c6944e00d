import type { Store } from '../ports/store.js';

/** Returns the store for one call: it passes the call's signal to each operation, so that an abort can end it. */
export function interruptible(store: Store, signal: AbortSignal): Store {
  return {
    createSession: (request) => store.createSession(request, signal),
    readSession: (request) => store.readSession(request, signal),
    listSessions: (request) => store.listSessions(request, signal),
    listSessionKeys: (request) => store.listSessionKeys(request, signal),
    updateSession: (request) => store.updateSession(request, signal),
    deleteSession: (request) => store.deleteSession(request, signal),
    appendEntry: (request) => store.appendEntry(request, signal),
    readEntries: (request) => store.readEntries(request, signal),
    readTail: (request) => store.readTail(request, signal),
    markRead: (request) => store.markRead(request, signal),
    readBriefing: (request) => store.readBriefing(request, signal),
    createHandoff: (request) => store.createHandoff(request, signal),
    readHandoff: (request) => store.readHandoff(request, signal),
    listHandoffs: (request) => store.listHandoffs(request, signal),
    claimHandoff: (request) => store.claimHandoff(request, signal),
    resolveHandoff: (request) => store.resolveHandoff(request, signal),
    countNamespace: (request) => store.countNamespace(request, signal),
    peekInboxes: (inboxes) => store.peekInboxes(inboxes),
    ping: () => store.ping(),
    close: (withinMs) => store.close(withinMs),
  };
}
