import { z } from 'zod';
import { ContextStoreError } from './errors.js';
import { agentSchema, namespaceSchema, sessionKeySchema } from './model/names.js';
import type { Session } from './model/session.js';
import { createMemoryBus, type EventBus, type StoreEvent } from './ports/event-bus.js';
import type { Idempotency, NamespaceCounts, SessionRef, Store } from './ports/store.js';
import { noTelemetry, type BusinessEvent, type McpRequest, type Telemetry } from './ports/telemetry.js';
import { limits } from './rules/limits.js';
import { presentSession } from './rules/answers/present.js';
import { requestHash } from './rules/request-hash.js';
import { resolveAgent } from './rules/resolve-agent.js';
import { givenArguments } from './use-cases/given-arguments.js';
import { useCases, type UseCaseName, type UseCases } from './use-cases/index.js';
import { parseInput, type Settings, type UseCase, type UseCaseContext } from './use-cases/use-case.js';
import { withDeadline } from './waiting/call-deadline.js';
import { createInboxWatch } from './waiting/inbox-watch.js';
import { interruptible } from './waiting/interruptible-store.js';

/** What a use case takes: its arguments before defaults. */
export type UseCaseInput<Name extends UseCaseName> = z.input<UseCases[Name]['input']>;
/** What a use case answers. */
export type UseCaseResult<Name extends UseCaseName> = z.output<UseCases[Name]['result']>;
type Method<Name extends UseCaseName> = (input: UseCaseInput<Name>, caller?: Caller) => Promise<UseCaseResult<Name>>;

/** Who is calling, as far as the transport knows. The strongest source of the agent wins; see `resolveAgent`. */
export interface Caller {
  /** Absent: the store's own namespace. */
  readonly namespace?: string | undefined;
  /** The agent that the caller's credential is bound to: any other `agent` argument is FORBIDDEN. */
  readonly boundAgent?: string | undefined;
  /** The free-form name that the client gave itself: who it is when neither the call nor the options say. */
  readonly clientName?: string | undefined;
  /** Tells the calling process from others that act under the same agent name, if it is one that lasts. */
  readonly process?: string | undefined;
  /** Names the request where it is reported: in an error's answer, and in the log. */
  readonly requestId?: string | undefined;
  /** Nobody needs the answer any more: ends the call's waiting, for offers and for its turn at the store. */
  readonly signal?: AbortSignal | undefined;
  /** The process is about to end: ends the call's waiting for what has not happened yet. What there is, it is still answered. */
  readonly stopping?: AbortSignal | undefined;
  /** What the call came by, for its trace. */
  readonly request?: McpRequest | undefined;
}

/**
 * The context store: one method per use case, with the names, arguments and answers of the MCP tools. Every method checks
 * its input itself and throws `ContextStoreError` alone. A resolved promise of a method that writes means durable.
 */
export interface ContextStore {
  /** Creates a session owned by the agent, or resumes an existing one with `ifExists: 'resume'`. */
  readonly registerSession: Method<'registerSession'>;
  /** Appends one entry to a session's log, and answers with its sequence. */
  readonly updateContext: Method<'updateContext'>;
  /** Reads a part of the log within a token budget; by default the newest 20 entries in ascending order. */
  readonly getContext: Method<'getContext'>;
  /** What to read first when resuming, within a token budget. */
  readonly getBriefing: Method<'getBriefing'>;
  /** Offers a session to another agent. */
  readonly requestHandoff: Method<'requestHandoff'>;
  /** The agent's inbox or outbox, oldest first; its `cursor` later shows only what is new, and `waitSeconds` waits for it. */
  readonly listHandoffs: Method<'listHandoffs'>;
  /** Accepts an offer: one winner, who gets session, epoch and briefing. */
  readonly acceptHandoff: Method<'acceptHandoff'>;
  /** Completes, rejects, cancels or returns a handoff. */
  readonly resolveHandoff: Method<'resolveHandoff'>;
  /** The sessions of the namespace, newest first. */
  readonly listSessions: Method<'listSessions'>;
  /** Closes, reopens, extends or annotates a session. */
  readonly updateSession: Method<'updateSession'>;

  /**
   * On whose behalf a call with this `agent` argument acts: what the methods go by themselves.
   * @throws VALIDATION_ERROR, FORBIDDEN: see `resolveAgent`
   */
  readonly actingAgent: (argument: string | undefined, caller?: Caller) => string;
  /** One session, without its log. @throws SESSION_NOT_FOUND, VALIDATION_ERROR */
  readonly readSession: (sessionKey: string, caller?: Caller) => Promise<Session>;
  /**
   * Removes a session with its log, its handoffs, its read marks and the answers recorded under idempotency keys. For
   * operators: no tool does it.
   * @throws SESSION_NOT_FOUND, VALIDATION_ERROR
   */
  readonly deleteSession: (sessionKey: string, caller?: Caller) => Promise<void>;
  /** How much the namespace holds; each number is counted up to 10,000. */
  readonly countNamespace: (caller?: Caller) => Promise<NamespaceCounts>;
  /** Hears of what changes in the namespace, as far as the bus reaches. Events are hints. @returns what ends it */
  readonly subscribe: (listener: (event: StoreEvent) => void, caller?: Caller) => () => void;
  /** Up to 100 session keys that begin with the prefix, ascending: for completion while someone types. */
  readonly completeSessionKey: (prefix: string, caller?: Caller) => Promise<readonly string[]>;
  /** Resolves when calls can be served. @throws STORE_UNAVAILABLE */
  readonly ping: () => Promise<void>;
  /**
   * Finishes what is under way and releases everything. Calls that a database server has not answered `withinMs`
   * milliseconds later throw STORE_UNAVAILABLE. Default: they are waited for.
   */
  readonly close: (withinMs?: number) => Promise<void>;
}

/** What a deployment may set. Each has a default. */
export interface ContextStoreOptions {
  /** Used for callers that bring none. Default `default`. */
  readonly namespace?: string | undefined;
  /** Who acts in calls that name no agent. */
  readonly agent?: string | undefined;
  /** The largest content of one entry, in UTF-8 bytes. Default 1 MiB: an entry is context for a model, not a file store. */
  readonly maxContentBytes?: number | undefined;
  /** How long a session stays `active` without activity, in milliseconds. Default one day. */
  readonly dormantAfterMs?: number | undefined;
  /** When a session that asks for no TTL expires, counted from its last activity. Default never: nothing gets lost. */
  readonly sessionTtlMs?: number | undefined;
  /** How long an offer stands that says nothing of its own. Default seven days. */
  readonly handoffTtlMs?: number | undefined;
  /**
   * How long a call may take, in milliseconds, besides the `waitSeconds` that it asks for. Then it is answered with
   * STORE_UNAVAILABLE, and what still waits for its turn at the store is left undone. Default: as long as the store's own timeouts let it.
   */
  readonly callTimeoutMs?: number | undefined;
}

const sessionRefSchema = z.strictObject({ sessionKey: sessionKeySchema });

const hourMs = 3_600_000;

const ttlMs = z
  .int()
  .min(1)
  .max(limits.ttlSeconds * 1000);

const optionsSchema = z.strictObject({
  namespace: namespaceSchema.default('default'),
  agent: agentSchema.optional(),
  maxContentBytes: z
    .int()
    .min(1)
    .max(limits.contentBytes)
    .default(1024 * 1024),
  dormantAfterMs: ttlMs.default(24 * hourMs),
  sessionTtlMs: ttlMs.optional(),
  handoffTtlMs: ttlMs.default(7 * 24 * hourMs),
  callTimeoutMs: z.int().min(1).max(limits.callTimeoutMs).optional(),
});

/** What the façade stands on. */
export interface ContextStorePorts {
  readonly store: Store;
  readonly telemetry?: Telemetry | undefined;
  /** Carries events to and from other processes. Absent: this process alone. */
  readonly bus?: EventBus | undefined;
}

/** What nobody told of is seen at the next poll: well within two seconds. */
const pollIntervalMs = 1000;
const countLimit = 10_000;

/** Puts the use cases over a store and a bus. The context store owns them from then on, and closes them. */
export function createContextStore(
  { store, telemetry = noTelemetry, bus = createMemoryBus() }: ContextStorePorts,
  options: ContextStoreOptions = {},
): ContextStore {
  const { namespace: ownNamespace, agent: configured, callTimeoutMs, ...parsed } = parseInput(optionsSchema, options);
  const settings: Settings = { ...parsed, sessionTtlMs: parsed.sessionTtlMs };
  const observedStore = telemetry.observeStore(store);
  // It asks for all who wait at once: that is no call's own doing.
  const inboxWatch = createInboxWatch({ store, bus, pollIntervalMs });
  const namespaceOf = (caller: Caller): string => caller.namespace ?? ownNamespace;
  const actingAgent: ContextStore['actingAgent'] = (argument, caller = {}) =>
    resolveAgent({ ...caller, argument, configured });

  const method = toolMethods(
    { store: observedStore, telemetry, bus, inboxWatch, settings, callTimeoutMs },
    { namespaceOf, actingAgent },
  );
  return {
    registerSession: method('registerSession'),
    updateContext: method('updateContext'),
    getContext: method('getContext'),
    getBriefing: method('getBriefing'),
    requestHandoff: method('requestHandoff'),
    listHandoffs: method('listHandoffs'),
    acceptHandoff: method('acceptHandoff'),
    resolveHandoff: method('resolveHandoff'),
    listSessions: method('listSessions'),
    updateSession: method('updateSession'),
    ...plainMethods({ store: observedStore, bus }, settings, callTimeoutMs, namespaceOf),
    actingAgent,
    close: async (withinMs) => {
      inboxWatch.close();
      await Promise.all([bus.close(), store.close(withinMs)]);
    },
  };
}

interface ToolParts extends Pick<UseCaseContext, 'store' | 'settings' | 'inboxWatch'> {
  readonly telemetry: Telemetry;
  readonly bus: EventBus;
  readonly callTimeoutMs: number | undefined;
}

interface CallerRules extends Pick<ContextStore, 'actingAgent'> {
  readonly namespaceOf: (caller: Caller) => string;
}

/** @returns what makes the method of a tool: it checks the input, runs the use case within its deadline, and measures both */
function toolMethods(
  { store, telemetry, bus, inboxWatch, settings, callTimeoutMs }: ToolParts,
  { namespaceOf, actingAgent }: CallerRules,
): <Name extends UseCaseName>(name: Name) => Method<Name> {
  const common = {
    settings,
    inboxWatch,
    count: (event: BusinessEvent) => telemetry.count(event),
    publish: (event: StoreEvent) => bus.publish(event),
  };
  return <Name extends UseCaseName>(name: Name) => {
    // One use case at a time has matching input and result; TypeScript cannot tell for a union of them.
    const useCase = useCases[name] as unknown as UseCase<z.ZodObject, z.ZodObject>;
    const mayWrite = 'idempotencyKey' in useCase.input.shape;
    const call = async (given: unknown, caller: Caller, signal: AbortSignal | undefined): Promise<unknown> => {
      const input = parseInput(useCase.input, givenArguments(useCase.input, given)) as CommonArguments &
        Record<string, unknown>;
      const agent = (): string => actingAgent(input.agent ?? input.agentFrom, caller);
      // A caller that may not use this name learns so, even where the name makes no difference.
      if (caller.boundAgent !== undefined) agent();
      const context: UseCaseContext = {
        ...common,
        store: signal === undefined ? store : interruptible(store, signal),
        namespace: namespaceOf(caller),
        agent,
        idempotency: idempotencyOf(name, input),
        process: caller.process,
        signal,
        stopping: caller.stopping,
      };
      return useCase.run(context, input);
    };
    return ((given, caller = {}) => {
      const waits = asksToWait(given);
      const limit = { callTimeoutMs, waitMs: waits ? waitMs(given) : 0, mayWrite: mayWrite || movesMark(given) };
      return telemetry.measure({ tool: name, waits, request: caller.request }, () =>
        translated(withDeadline(limit, caller.signal, (signal) => call(given, caller, signal))),
      );
    }) as Method<Name>;
  };
}

type PlainMethod = 'readSession' | 'deleteSession' | 'countNamespace' | 'subscribe' | 'completeSessionKey' | 'ping';

/** What is not a tool. */
function plainMethods(
  { store, bus }: { readonly store: Store; readonly bus: EventBus },
  { dormantAfterMs }: Settings,
  callTimeoutMs: number | undefined,
  namespaceOf: (caller: Caller) => string,
): Pick<ContextStore, PlainMethod> {
  const limit = { callTimeoutMs, waitMs: 0, mayWrite: false };
  const reading = <T>(read: () => Promise<T>): Promise<T> => translated(withDeadline(limit, undefined, read));
  const refOf = (sessionKey: string, caller: Caller): SessionRef => ({
    namespace: namespaceOf(caller),
    ...parseInput(sessionRefSchema, { sessionKey }),
  });
  return {
    readSession: async (sessionKey, caller = {}) =>
      presentSession(await reading(() => store.readSession(refOf(sessionKey, caller))), dormantAfterMs),
    deleteSession: async (sessionKey, caller = {}) => {
      const ref = refOf(sessionKey, caller);
      await translated(store.deleteSession(ref));
      bus.publish({ kind: 'session_changed', ...ref });
    },
    countNamespace: (caller = {}) =>
      reading(() => store.countNamespace({ namespace: namespaceOf(caller), limit: countLimit })),
    subscribe: (listener, caller = {}) =>
      bus.subscribe((event) => {
        if (event.kind === 'something_changed' || event.namespace === namespaceOf(caller)) listener(event);
      }),
    completeSessionKey: async (prefix, caller = {}) =>
      prefix !== '' && !sessionKeySchema.safeParse(prefix).success
        ? []
        : reading(() => store.listSessionKeys({ namespace: namespaceOf(caller), prefix, limit: limits.pageSize })),
    ping: () => reading(() => store.ping()),
  };
}

interface CommonArguments {
  readonly agent?: string;
  readonly agentFrom?: string;
  readonly idempotencyKey?: string;
}

/** Whether the arguments of a tool, which nobody has checked yet, ask it to wait for something. */
export const asksToWait = (given: unknown): given is { readonly waitSeconds: number } =>
  typeof given === 'object' &&
  given !== null &&
  'waitSeconds' in given &&
  typeof given.waitSeconds === 'number' &&
  given.waitSeconds > 0;

/** Whether the arguments of a tool that reads ask it to move the agent's read mark. */
const movesMark = (given: unknown): boolean =>
  typeof given === 'object' && given !== null && 'ackSequence' in given && given.ackSequence !== undefined;

/** How long such a call waits, in milliseconds: no longer than any may. */
export const waitMs = ({ waitSeconds }: { readonly waitSeconds: number }): number =>
  Math.min(waitSeconds, limits.waitSeconds) * 1000;

function idempotencyOf(tool: string, input: CommonArguments & Record<string, unknown>): Idempotency | undefined {
  if (input.idempotencyKey === undefined) return undefined;
  return { tool, key: input.idempotencyKey, requestHash: requestHash(input) };
}

/** Anything but an error that was meant for callers is a defect: they learn that, and nothing of how it looks inside. */
async function translated<T>(result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    if (error instanceof ContextStoreError) throw error;
    throw new ContextStoreError(
      'INTERNAL_ERROR',
      'Something went wrong inside the context store. Nothing was acknowledged; please report it.',
      {},
      { cause: error },
    );
  }
}
