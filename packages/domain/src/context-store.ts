import { z } from 'zod';
import { ContextStoreError } from './errors.js';
import { agentSchema, namespaceSchema, sessionKeySchema } from './model/names.js';
import type { Session } from './model/session.js';
import { createMemoryBus, type EventBus, type StoreEvent } from './ports/event-bus.js';
import type { Idempotency, NamespaceCounts, SessionRef, Store } from './ports/store.js';
import { noTelemetry, type Telemetry } from './ports/telemetry.js';
import { limits } from './rules/limits.js';
import { presentSession } from './rules/present.js';
import { requestHash } from './rules/request-hash.js';
import { resolveAgent } from './rules/resolve-agent.js';
import { useCases, type UseCaseName, type UseCases } from './use-cases/index.js';
import { parseInput, type Settings, type UseCase } from './use-cases/use-case.js';
import { createInboxWatch } from './waiting/inbox-watch.js';

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
  /** Ends the call's waiting: nobody needs the answer any more. */
  readonly signal?: AbortSignal | undefined;
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
  /** Finishes what is under way and releases everything. */
  readonly close: () => Promise<void>;
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
}

const sessionRefSchema = z.strictObject({ sessionKey: sessionKeySchema });

const hourMs = 3_600_000;

const optionsSchema = z.strictObject({
  namespace: namespaceSchema.default('default'),
  agent: agentSchema.optional(),
  maxContentBytes: z
    .int()
    .min(1)
    .max(64 * 1024 * 1024)
    .default(1024 * 1024),
  dormantAfterMs: z
    .int()
    .min(1)
    .default(24 * hourMs),
  sessionTtlMs: z.int().min(1).optional(),
  handoffTtlMs: z
    .int()
    .min(1)
    .default(7 * 24 * hourMs),
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
  const { namespace: ownNamespace, agent: configured, ...parsed } = parseInput(optionsSchema, options);
  const settings: Settings = { ...parsed, sessionTtlMs: parsed.sessionTtlMs };
  const inboxWatch = createInboxWatch({ store, bus, pollIntervalMs });
  const namespaceOf = (caller: Caller): string => caller.namespace ?? ownNamespace;
  const actingAgent: ContextStore['actingAgent'] = (argument, caller = {}) =>
    resolveAgent({ ...caller, argument, configured });

  function method<Name extends UseCaseName>(name: Name): Method<Name> {
    // One use case at a time has matching input and result; TypeScript cannot tell for a union of them.
    const useCase = useCases[name] as unknown as UseCase<z.ZodObject, z.ZodObject>;
    const call = async (given: unknown, caller: Caller): Promise<unknown> => {
      const input = parseInput(useCase.input, given) as CommonArguments & Record<string, unknown>;
      return useCase.run(
        {
          store,
          settings,
          namespace: namespaceOf(caller),
          agent: () => actingAgent(input.agent ?? input.agentFrom, caller),
          idempotency: idempotencyOf(name, input),
          count: (event) => telemetry.count(event),
          publish: (event) => bus.publish(event),
          inboxWatch,
          process: caller.process,
          signal: caller.signal,
        },
        input,
      );
    };
    return ((given, caller = {}) =>
      telemetry.measure({ tool: name, waits: asksToWait(given) }, () =>
        translated(call(given, caller)),
      )) as Method<Name>;
  }

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
    ...plainMethods({ store, bus }, settings, namespaceOf),
    actingAgent,
    close: async () => {
      inboxWatch.close();
      await bus.close();
      await store.close();
    },
  };
}

type PlainMethod = 'readSession' | 'deleteSession' | 'countNamespace' | 'subscribe' | 'completeSessionKey' | 'ping';

/** What is not a tool. */
function plainMethods(
  { store, bus }: { readonly store: Store; readonly bus: EventBus },
  { dormantAfterMs }: Settings,
  namespaceOf: (caller: Caller) => string,
): Pick<ContextStore, PlainMethod> {
  const refOf = (sessionKey: string, caller: Caller): SessionRef => ({
    namespace: namespaceOf(caller),
    ...parseInput(sessionRefSchema, { sessionKey }),
  });
  return {
    readSession: async (sessionKey, caller = {}) =>
      presentSession(await translated(store.readSession(refOf(sessionKey, caller))), dormantAfterMs),
    deleteSession: async (sessionKey, caller = {}) => {
      const ref = refOf(sessionKey, caller);
      await translated(store.deleteSession(ref));
      bus.publish({ kind: 'session_changed', ...ref });
    },
    countNamespace: (caller = {}) =>
      translated(store.countNamespace({ namespace: namespaceOf(caller), limit: countLimit })),
    subscribe: (listener, caller = {}) =>
      bus.subscribe((event) => {
        if (event.kind === 'something_changed' || event.namespace === namespaceOf(caller)) listener(event);
      }),
    completeSessionKey: async (prefix, caller = {}) =>
      prefix !== '' && !sessionKeySchema.safeParse(prefix).success
        ? []
        : translated(store.listSessionKeys({ namespace: namespaceOf(caller), prefix, limit: limits.pageSize })),
    ping: () => translated(store.ping()),
  };
}

interface CommonArguments {
  readonly agent?: string;
  readonly agentFrom?: string;
  readonly idempotencyKey?: string;
}

/** Of arguments that nobody has checked yet. */
const asksToWait = (given: unknown): boolean =>
  typeof given === 'object' && given !== null && 'waitSeconds' in given && Number(given.waitSeconds) > 0;

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
