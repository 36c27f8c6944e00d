import { z } from 'zod';
import type { ContextStore, TakenOver, TakeOverSessionInput } from '../context-store.js';
import { storableText } from '../model/json.js';
import { agentSchema, sessionKeySchema } from '../model/names.js';
import type { Session } from '../model/session.js';
import type { EventBus, StoreEvent } from '../ports/event-bus.js';
import type { NamespaceCounts, SessionRef, Store } from '../ports/store.js';
import { presentSession, presentTookOver } from '../rules/answers/present.js';
import { limits } from '../rules/limits.js';
import { streamEntries } from '../streams/entries.js';
import { streamOffers } from '../streams/offers.js';
import { parseInput, type Settings } from '../use-cases/use-case.js';
import type { LogWatch } from '../waiting/log-watch.js';
import { work } from '../work/worker.js';
import { withCaller, type RequestCaller } from './caller.js';
import { orReasonOf, type Calls } from './calls.js';
import type { UseCaseRunner } from './run-use-case.js';

/** What all views of a context store share. */
export interface ViewParts {
  readonly runner: UseCaseRunner;
  readonly store: Store;
  readonly bus: EventBus;
  readonly calls: Calls;
  readonly settings: Settings;
  readonly logWatch: LogWatch;
  readonly close: (withinMs?: number) => Promise<void>;
}

/** Creates a view of a context store, whose calls act for a caller. Servers create one for each request. */
export function createView(parts: ViewParts, caller: RequestCaller): ContextStore {
  const { runner, close } = parts;
  return {
    registerSession: (input = {}) => runner.run('registerSession', input, caller),
    updateContext: (input) => runner.run('updateContext', input, caller),
    getContext: (input) => runner.run('getContext', input, caller),
    getBriefing: (input) => runner.run('getBriefing', input, caller),
    requestHandoff: (input) => runner.run('requestHandoff', input, caller),
    listHandoffs: (input = {}) => runner.run('listHandoffs', input, caller),
    acceptHandoff: (input) => runner.run('acceptHandoff', input, caller),
    resolveHandoff: (input) => runner.run('resolveHandoff', input, caller),
    listSessions: (input = {}) => runner.run('listSessions', input, caller),
    updateSession: (input) => runner.run('updateSession', input, caller),
    as: (given) => createView(parts, withCaller(caller, given)),
    offers: (options) => streamOffers(parts, caller, options),
    entries: (options) => streamEntries(parts, caller, options),
    work: (options, handler) => work(parts, caller, options, handler),
    actingAgent: (argument) => runner.actingAgent(argument, caller),
    actingProject: async () => runner.projectOf(caller),
    readSession: (sessionKey) => readSession(parts, caller, sessionKey),
    deleteSession: (sessionKey) => deleteSession(parts, caller, sessionKey),
    takeOverSession: (input) => takeOverSession(parts, caller, input),
    countNamespace: () => countNamespace(parts, caller),
    completeSessionKey: (prefix) => completeSessionKey(parts, caller, prefix),
    subscribe: (listener) => subscribe(parts, caller, listener),
    ping: () => run(parts, caller, reading, () => parts.store.ping()),
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}

const reading = { waitMs: 0, mayWrite: false };
const writing = { waitMs: 0, mayWrite: true };

const run = <T>(
  { calls }: ViewParts,
  { signal }: RequestCaller,
  limit: typeof reading,
  call: (ending: AbortSignal | undefined) => Promise<T>,
): Promise<T> => orReasonOf(signal, calls.run(limit, signal, call));

const sessionRefSchema = z.strictObject({ sessionKey: sessionKeySchema });

const refOf = ({ runner }: ViewParts, caller: RequestCaller, sessionKey: string): SessionRef => ({
  namespace: runner.namespaceOf(caller),
  ...parseInput(sessionRefSchema, { sessionKey }),
});

const readSession = (parts: ViewParts, caller: RequestCaller, sessionKey: string): Promise<Session> =>
  run(parts, caller, reading, async (ending) => {
    const record = await parts.store.readSession(refOf(parts, caller, sessionKey), ending);
    return presentSession(record, parts.settings);
  });

const deleteSession = (parts: ViewParts, caller: RequestCaller, sessionKey: string): Promise<void> =>
  run(parts, caller, writing, async (ending) => {
    const ref = refOf(parts, caller, sessionKey);
    await parts.store.deleteSession(ref, ending);
    parts.bus.publish({ kind: 'session_changed', ...ref });
  });

const takeOverSchema = z.strictObject({
  sessionKey: sessionKeySchema,
  agent: agentSchema,
  reason: storableText(limits.reasonBytes).min(1).optional(),
});

const takeOverSession = (parts: ViewParts, caller: RequestCaller, given: TakeOverSessionInput): Promise<TakenOver> =>
  run(parts, caller, writing, async (ending) => {
    const namespace = parts.runner.namespaceOf(caller);
    const input = parseInput(takeOverSchema, given);
    const { session, tookOver } = await parts.store.takeOverSession({ namespace, ...input }, ending);
    parts.bus.publish({ kind: 'session_changed', namespace, sessionKey: session.sessionKey });
    return { session: presentSession(session, parts.settings), tookOver: presentTookOver(tookOver) };
  });

const countLimit = 10_000;

const countNamespace = (parts: ViewParts, caller: RequestCaller): Promise<NamespaceCounts> =>
  run(parts, caller, reading, (ending) =>
    parts.store.countNamespace({ namespace: parts.runner.namespaceOf(caller), limit: countLimit }, ending),
  );

const completeSessionKey = (parts: ViewParts, caller: RequestCaller, prefix: string): Promise<readonly string[]> =>
  run(parts, caller, reading, async (ending) => {
    if (prefix !== '' && !sessionKeySchema.safeParse(prefix).success) return [];
    const namespace = parts.runner.namespaceOf(caller);
    return parts.store.listSessionKeys({ namespace, prefix, limit: limits.pageSize }, ending);
  });

function subscribe(
  { runner, bus, calls }: ViewParts,
  caller: RequestCaller,
  listener: (event: StoreEvent) => void,
): () => void {
  const { signal } = caller;
  calls.requireOpen();
  signal?.throwIfAborted();
  const namespace = runner.namespaceOf(caller);
  const unsubscribe = bus.subscribe((event) => {
    if (event.kind === 'something_changed' || event.namespace === namespace) listener(event);
  });
  const end = (): void => {
    signal?.removeEventListener('abort', end);
    unsubscribe();
  };
  signal?.addEventListener('abort', end);
  return end;
}
