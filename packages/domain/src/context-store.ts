import { z } from 'zod';
import { ContextStoreError } from './errors.js';
import { agentSchema, namespaceSchema, sessionKeySchema } from './model/names.js';
import { namedProjectSchema, noProject, projectSchema } from './model/project.js';
import type { Session } from './model/session.js';
import { takeOverPolicies, type TakeOverPolicy, type TookOver } from './model/take-over.js';
import { storableText } from './model/json.js';
import { createMemoryBus, type EventBus, type StoreEvent } from './ports/event-bus.js';
import type { Idempotency, NamespaceCounts, SessionRef, Store } from './ports/store.js';
import { noTelemetry, type BusinessEvent, type McpRequest, type Telemetry } from './ports/telemetry.js';
import { limits } from './rules/limits.js';
import { presentSession, presentTookOver } from './rules/answers/present.js';
import { requestHash } from './rules/request-hash.js';
import { resolveAgent } from './rules/resolve-agent.js';
import { givenArguments } from './use-cases/given-arguments.js';
import { useCases, type UseCaseName, type UseCases } from './use-cases/index.js';
import { parseInput, type Settings, type UseCase, type UseCaseContext } from './use-cases/use-case.js';
import { withDeadline } from './waiting/call-deadline.js';
import { createInboxWatch } from './waiting/inbox-watch.js';
import { interruptible } from './waiting/interruptible-store.js';

/** The arguments of a use case, before defaults. */
export type UseCaseInput<Name extends UseCaseName> = z.input<UseCases[Name]['input']>;
/** The answer of a use case. */
export type UseCaseResult<Name extends UseCaseName> = z.output<UseCases[Name]['result']>;
type Method<Name extends UseCaseName> = (input: UseCaseInput<Name>, caller?: Caller) => Promise<UseCaseResult<Name>>;

/** What the transport knows about a caller. `resolveAgent` chooses the acting agent from it. */
export interface Caller {
  /** Default: the namespace of {@link ContextStoreOptions}. */
  readonly namespace?: string | undefined;
  /** The agent that the caller's credential is bound to. Any other `agent` argument is FORBIDDEN. */
  readonly boundAgent?: string | undefined;
  /** The free-form name that the client reports. It names the agent if neither the call nor the options do. */
  readonly clientName?: string | undefined;
  /**
   * Where the caller's work belongs, or `none`; or a function that finds it, for when a method depends on it. Lists show
   * this project and what has none, and new sessions belong to it. Default: the project of {@link ContextStoreOptions}.
   */
  readonly project?: string | FindProject | undefined;
  /** An id of the calling process. Distinguishes long-lived processes that act under one agent name. */
  readonly process?: string | undefined;
  /** Identifies the request in error answers and in the log. */
  readonly requestId?: string | undefined;
  /** Aborted when the caller no longer needs the answer. Ends waiting for offers, and for a turn at the store. */
  readonly signal?: AbortSignal | undefined;
  /** Aborted when this process is about to end. Ends waiting for offers; the call then answers with what it has. */
  readonly stopping?: AbortSignal | undefined;
  /** The MCP request that made the call, for its trace. */
  readonly request?: McpRequest | undefined;
}

/** Finds the project of a caller. Returns undefined if it has none. Must not throw. */
export type FindProject = () => string | undefined | Promise<string | undefined>;

/**
 * The context store: one method per use case, with the names, arguments and answers of the MCP tools. Every method
 * checks its input, and throws only `ContextStoreError`. When the promise of a writing method resolves, the change is
 * durable.
 */
export interface ContextStore {
  /** Creates a session owned by the agent, or resumes an existing one with `ifExists: 'resume'`. */
  readonly registerSession: Method<'registerSession'>;
  /** Appends one entry to a session's log. Answers with its sequence. */
  readonly updateContext: Method<'updateContext'>;
  /** Reads part of the log within a token budget. Default: the newest 20 entries, in ascending order. */
  readonly getContext: Method<'getContext'>;
  /** Returns what a resuming agent reads first, within a token budget. */
  readonly getBriefing: Method<'getBriefing'>;
  /** Offers a session to another agent, or asks the owner for it. */
  readonly requestHandoff: Method<'requestHandoff'>;
  /** Lists the inbox or outbox, oldest first. `cursor` lists only what is new, and `waitSeconds` waits for it. */
  readonly listHandoffs: Method<'listHandoffs'>;
  /** Accepts an offer. Exactly one acceptor wins, and gets the session, its epoch and a briefing. */
  readonly acceptHandoff: Method<'acceptHandoff'>;
  /** Completes, rejects, cancels or returns a handoff. */
  readonly resolveHandoff: Method<'resolveHandoff'>;
  /** Lists the sessions of the namespace, newest first. */
  readonly listSessions: Method<'listSessions'>;
  /** Closes, reopens, extends or annotates a session. */
  readonly updateSession: Method<'updateSession'>;

  /**
   * Returns the agent that a method acts as if it gets this `agent` argument.
   * @throws VALIDATION_ERROR (no agent is known), FORBIDDEN (the credential is bound to another agent)
   */
  readonly actingAgent: (argument: string | undefined, caller?: Caller) => string;
  /**
   * Returns the project of a caller, or undefined if it has none.
   * @throws VALIDATION_ERROR (the caller's project is malformed)
   */
  readonly projectOf: (caller?: Caller) => Promise<string | undefined>;
  /** Reads one session, without its log. @throws SESSION_NOT_FOUND, VALIDATION_ERROR */
  readonly readSession: (sessionKey: string, caller?: Caller) => Promise<Session>;
  /**
   * Deletes a session with its log, handoffs, read marks and the answers recorded under idempotency keys. For
   * operators: no tool deletes.
   * @throws SESSION_NOT_FOUND, VALIDATION_ERROR
   */
  readonly deleteSession: (sessionKey: string, caller?: Caller) => Promise<void>;
  /**
   * Makes an agent the owner of a session without the consent of its owner, whatever the session's state. The log gets
   * an entry of type `system`, which says that an operator did it, and why; a lease ends. For operators: an agent asks
   * for a session with `requestHandoff` and the type `take_over`.
   * @returns the session, and what is known of its former owner's writes
   * @throws SESSION_NOT_FOUND, VALIDATION_ERROR (the agent owns the session already)
   */
  readonly takeOverSession: (input: TakeOverSessionInput, caller?: Caller) => Promise<TakenOver>;
  /** Counts what the namespace holds. No number exceeds 10,000. */
  readonly countNamespace: (caller?: Caller) => Promise<NamespaceCounts>;
  /** Calls the listener for changes in the namespace; events are hints. @returns a function that ends the subscription */
  readonly subscribe: (listener: (event: StoreEvent) => void, caller?: Caller) => () => void;
  /** Returns up to 100 session keys that begin with the prefix, ascending. For completion of typed input. */
  readonly completeSessionKey: (prefix: string, caller?: Caller) => Promise<readonly string[]>;
  /** Resolves if calls can be served. @throws STORE_UNAVAILABLE */
  readonly ping: () => Promise<void>;
  /**
   * Finishes the calls under way, then releases all resources. Calls that a database server has not answered after
   * `withinMs` milliseconds throw STORE_UNAVAILABLE. Default: waits for all of them.
   */
  readonly close: (withinMs?: number) => Promise<void>;
}

/** What an operator decides of a session whose owner is gone. */
export interface TakeOverSessionInput {
  readonly sessionKey: string;
  /** The new owner. */
  readonly agent: string;
  /** Why the session is taken over, for its log. At most 2 KiB. */
  readonly reason?: string | undefined;
}

/** The answer to `takeOverSession`. */
export interface TakenOver {
  readonly session: Session;
  readonly tookOver: TookOver;
}

/** The rules that a deployment may set. */
export interface ContextStoreOptions {
  /** The namespace of callers that name none. Default: `default`. */
  readonly namespace?: string | undefined;
  /** The agent of calls that name none. Default: the name of the MCP client, if it has one. */
  readonly agent?: string | undefined;
  /** The project of callers that have none of their own. Default: none. */
  readonly project?: string | undefined;
  /** The largest content of one entry, in UTF-8 bytes. Default: 1 MiB. At most 64 MiB. */
  readonly maxContentBytes?: number | undefined;
  /** How long a session stays `active` without activity, in milliseconds. Default: one day. */
  readonly dormantAfterMs?: number | undefined;
  /** When a session that sets no TTL expires, in milliseconds after its last activity. Default: never. */
  readonly sessionTtlMs?: number | undefined;
  /** How long an offer stays pending if its request sets no time, in milliseconds. Default: seven days. */
  readonly handoffTtlMs?: number | undefined;
  /**
   * How long the owner of a session must be silent before an agent that asked for the session may take it over, in
   * milliseconds. Default: ten minutes.
   */
  readonly takeOverAfterMs?: number | undefined;
  /**
   * Who may ask for a session that it does not own. `participants`: agents that took part in it. `project`: these, and
   * agents of its project. `namespace`: any agent. Default: `project`.
   */
  readonly takeOverBy?: TakeOverPolicy | undefined;
  /**
   * How long a call may take, in milliseconds, on top of its `waitSeconds`. After that it throws STORE_UNAVAILABLE, and
   * operations that still wait for a turn at the store are dropped. Default: only the store's own timeouts apply.
   */
  readonly callTimeoutMs?: number | undefined;
}

const sessionRefSchema = z.strictObject({ sessionKey: sessionKeySchema });

const takeOverSessionSchema = z.strictObject({
  sessionKey: sessionKeySchema,
  agent: agentSchema,
  reason: storableText(limits.reasonBytes).min(1).optional(),
});

const hourMs = 3_600_000;

const ttlMs = z
  .int()
  .min(1)
  .max(limits.ttlSeconds * 1000);

const optionsSchema = z.strictObject({
  namespace: namespaceSchema.default('default'),
  agent: agentSchema.optional(),
  project: projectSchema.optional(),
  maxContentBytes: z
    .int()
    .min(1)
    .max(limits.contentBytes)
    .default(1024 * 1024),
  dormantAfterMs: ttlMs.default(24 * hourMs),
  sessionTtlMs: ttlMs.optional(),
  handoffTtlMs: ttlMs.default(7 * 24 * hourMs),
  takeOverAfterMs: ttlMs.default(limits.takeOverAfterMs),
  takeOverBy: z.enum(takeOverPolicies).default('project'),
  callTimeoutMs: z.int().min(1).max(limits.callTimeoutMs).optional(),
});

/** The adapters that a context store uses. */
export interface ContextStorePorts {
  readonly store: Store;
  readonly telemetry?: Telemetry | undefined;
  /** Carries events between processes. Default: a bus within this process. */
  readonly bus?: EventBus | undefined;
}

/** Finds offers that no event announced, well within two seconds. */
const pollIntervalMs = 1000;
const countLimit = 10_000;

/**
 * Creates a context store over a store and a bus. It owns both: its `close` closes them.
 * @throws VALIDATION_ERROR (an option is invalid)
 */
export function createContextStore(
  { store, telemetry = noTelemetry, bus = createMemoryBus() }: ContextStorePorts,
  options: ContextStoreOptions = {},
): ContextStore {
  const {
    namespace: ownNamespace,
    agent: configured,
    project,
    callTimeoutMs,
    ...parsed
  } = parseInput(optionsSchema, options);
  const settings: Settings = { ...parsed, sessionTtlMs: parsed.sessionTtlMs };
  const observedStore = telemetry.observeStore(store);
  // It peeks for all waiting calls at once, so it gets the store without traces: a peek belongs to no single call.
  const inboxWatch = createInboxWatch({ store, bus, pollIntervalMs });
  const namespaceOf = (caller: Caller): string => caller.namespace ?? ownNamespace;
  const actingAgent: ContextStore['actingAgent'] = (argument, caller = {}) =>
    resolveAgent({ ...caller, argument, configured });
  const projectOf: ContextStore['projectOf'] = async (caller = {}) => {
    const own = typeof caller.project === 'function' ? await caller.project() : caller.project;
    const named = own === undefined ? project : checkedProject(own);
    return named === noProject ? undefined : named;
  };

  const method = toolMethods(
    { store: observedStore, telemetry, bus, inboxWatch, settings, callTimeoutMs },
    { namespaceOf, actingAgent, projectOf },
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
    projectOf,
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

interface CallerRules extends Pick<ContextStore, 'actingAgent' | 'projectOf'> {
  readonly namespaceOf: (caller: Caller) => string;
}

/** Returns a factory of tool methods, which check the input, run the use case within its deadline, and measure both. */
function toolMethods(
  { store, telemetry, bus, inboxWatch, settings, callTimeoutMs }: ToolParts,
  { namespaceOf, actingAgent, projectOf }: CallerRules,
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
      // A forbidden name is refused even by tools that do not use the agent.
      if (caller.boundAgent !== undefined) agent();
      // So is a malformed project, so that a wrong setting of a client shows at its first call.
      if (typeof caller.project === 'string') checkedProject(caller.project);
      const context: UseCaseContext = {
        ...common,
        store: signal === undefined ? store : interruptible(store, signal),
        namespace: namespaceOf(caller),
        agent,
        project: () => projectOf(caller),
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
        hideInternals(withDeadline(limit, caller.signal, (signal) => call(given, caller, signal))),
      );
    }) as Method<Name>;
  };
}

/** @throws VALIDATION_ERROR */
function checkedProject(own: string): string {
  const { error } = namedProjectSchema.safeParse(own);
  if (error === undefined) return own;
  const message = `the caller's own is malformed. It is ${error.issues.map((issue) => issue.message).join('; ')}`;
  throw new ContextStoreError(
    'VALIDATION_ERROR',
    `project: ${message}. Correct the setting of the client: the header Context-Project, or project in the URL.`,
    { issues: [{ path: 'project', message }] },
  );
}

type PlainMethod =
  | 'readSession'
  | 'deleteSession'
  | 'takeOverSession'
  | 'countNamespace'
  | 'subscribe'
  | 'completeSessionKey'
  | 'ping';

function plainMethods(
  { store, bus }: { readonly store: Store; readonly bus: EventBus },
  settings: Settings,
  callTimeoutMs: number | undefined,
  namespaceOf: (caller: Caller) => string,
): Pick<ContextStore, PlainMethod> {
  const limit = { callTimeoutMs, waitMs: 0, mayWrite: false };
  const reading = <T>(read: () => Promise<T>): Promise<T> => hideInternals(withDeadline(limit, undefined, read));
  const refOf = (sessionKey: string, caller: Caller): SessionRef => ({
    namespace: namespaceOf(caller),
    ...parseInput(sessionRefSchema, { sessionKey }),
  });
  return {
    readSession: async (sessionKey, caller = {}) =>
      presentSession(await reading(() => store.readSession(refOf(sessionKey, caller))), settings),
    deleteSession: async (sessionKey, caller = {}) => {
      const ref = refOf(sessionKey, caller);
      await hideInternals(store.deleteSession(ref));
      bus.publish({ kind: 'session_changed', ...ref });
    },
    takeOverSession: async (given, caller = {}) => {
      const namespace = namespaceOf(caller);
      const input = parseInput(takeOverSessionSchema, given);
      const { session, tookOver } = await hideInternals(store.takeOverSession({ namespace, ...input }));
      bus.publish({ kind: 'session_changed', namespace, sessionKey: session.sessionKey });
      return { session: presentSession(session, settings), tookOver: presentTookOver(tookOver) };
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

/** Whether the arguments of a tool, before validation, ask it to wait for offers. */
export const asksToWait = (given: unknown): given is { readonly waitSeconds: number } =>
  typeof given === 'object' &&
  given !== null &&
  'waitSeconds' in given &&
  typeof given.waitSeconds === 'number' &&
  given.waitSeconds > 0;

/** Whether the arguments of a reading tool, before validation, move the agent's read mark. */
const movesMark = (given: unknown): boolean =>
  typeof given === 'object' && given !== null && 'ackSequence' in given && given.ackSequence !== undefined;

/** How long such a call may wait, in milliseconds: at most `limits.waitSeconds`. */
export const waitMs = ({ waitSeconds }: { readonly waitSeconds: number }): number =>
  Math.min(waitSeconds, limits.waitSeconds) * 1000;

function idempotencyOf(tool: string, input: CommonArguments & Record<string, unknown>): Idempotency | undefined {
  if (input.idempotencyKey === undefined) return undefined;
  return { tool, key: input.idempotencyKey, requestHash: requestHash(input) };
}

/** Replaces every error but a `ContextStoreError` by INTERNAL_ERROR, so that callers see no internals. */
async function hideInternals<T>(result: Promise<T>): Promise<T> {
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
