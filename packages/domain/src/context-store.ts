import { z } from 'zod';
import { createSeenAgents, type SeenAgents } from './agents/seen-agents.js';
import { ContextStoreError } from './errors.js';
import { agentSchema, namespaceSchema, roleAddress, sessionKeySchema } from './model/names.js';
import type { Session } from './model/session.js';
import { createMemoryBus, type EventBus, type StoreEvent } from './ports/event-bus.js';
import type { Idempotency, NamespaceCounts, SessionRef, Store } from './ports/store.js';
import { noTelemetry, type BusinessEvent, type McpRequest, type Telemetry } from './ports/telemetry.js';
import { limits } from './rules/limits.js';
import { presentSession } from './rules/answers/present.js';
import { requestHash } from './rules/request-hash.js';
import { mayBeFormerNames } from './rules/refusals/may-be-former-names.js';
import { formerNameOf, resolveAgent } from './rules/resolve-agent.js';
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
  /** The agent that the caller's credential is bound to. If the call or the connection names another, it is FORBIDDEN. */
  readonly boundAgent?: string | undefined;
  /** The agent that the connection names. It names the agent if the call does not. */
  readonly connectionAgent?: string | undefined;
  /** The free-form name that the client reports. It names the agent if neither the call, the connection nor the options do. */
  readonly clientName?: string | undefined;
  /** An id of the calling process. Distinguishes long-lived processes that act under one agent name. */
  readonly process?: string | undefined;
  /** Identifies the request in error answers and in the log. */
  readonly requestId?: string | undefined;
  /** Aborted when the caller no longer needs the answer. Ends waiting for offers, and for a turn at the store. */
  readonly signal?: AbortSignal | undefined;
  /** Aborted when this process is about to end. Ends waiting for offers; the call then answers with what it has. */
  readonly stopping?: AbortSignal | undefined;
  /** True if the call looks at what an agent would see. The agent does not count as seen by it. Default: false. */
  readonly isObserver?: boolean | undefined;
  /** The MCP request that made the call, for its trace. */
  readonly request?: McpRequest | undefined;
}

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
  /** Offers a session to another agent. */
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
  /** Reads one session, without its log. @throws SESSION_NOT_FOUND, VALIDATION_ERROR */
  readonly readSession: (sessionKey: string, caller?: Caller) => Promise<Session>;
  /**
   * Deletes a session with its log, handoffs, read marks and the answers recorded under idempotency keys. For
   * operators: no tool deletes.
   * @throws SESSION_NOT_FOUND, VALIDATION_ERROR
   */
  readonly deleteSession: (sessionKey: string, caller?: Caller) => Promise<void>;
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

/** The rules that a deployment may set. */
export interface ContextStoreOptions {
  /** The namespace of callers that name none. Default: `default`. */
  readonly namespace?: string | undefined;
  /** The agent of calls that name none. Default: the name of the MCP client, if it has one. */
  readonly agent?: string | undefined;
  /** The largest content of one entry, in UTF-8 bytes. Default: 1 MiB. At most 64 MiB. */
  readonly maxContentBytes?: number | undefined;
  /** How long a session stays `active` without activity, in milliseconds. Default: one day. */
  readonly dormantAfterMs?: number | undefined;
  /** When a session that sets no TTL expires, in milliseconds after its last activity. Default: never. */
  readonly sessionTtlMs?: number | undefined;
  /** How long an offer stays pending if its request sets no time, in milliseconds. Default: seven days. */
  readonly handoffTtlMs?: number | undefined;
  /**
   * How long a call may take, in milliseconds, on top of its `waitSeconds`. After that it throws STORE_UNAVAILABLE, and
   * operations that still wait for a turn at the store are dropped. Default: only the store's own timeouts apply.
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
  const { namespace: ownNamespace, agent: configured, callTimeoutMs, ...parsed } = parseInput(optionsSchema, options);
  const settings: Settings = { ...parsed, sessionTtlMs: parsed.sessionTtlMs };
  const observedStore = telemetry.observeStore(store);
  // It peeks for all waiting calls at once, so it gets the store without traces: a peek belongs to no single call.
  const inboxWatch = createInboxWatch({ store, bus, pollIntervalMs });
  const seenAgents = createSeenAgents(store);
  const namespaceOf = (caller: Caller): string => caller.namespace ?? ownNamespace;
  const actingAgent: ContextStore['actingAgent'] = (argument, caller = {}) =>
    resolveAgent({ ...caller, argument, configured });

  const method = toolMethods(
    { store: observedStore, telemetry, bus, inboxWatch, seenAgents, settings, callTimeoutMs },
    {
      namespaceOf,
      actingAgent,
      formerName: (argument, caller) => formerNameOf({ ...caller, argument, configured }),
    },
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
      seenAgents.close();
      await Promise.all([bus.close(), store.close(withinMs)]);
    },
  };
}

interface ToolParts extends Pick<UseCaseContext, 'store' | 'settings' | 'inboxWatch'> {
  readonly seenAgents: SeenAgents;
  readonly telemetry: Telemetry;
  readonly bus: EventBus;
  readonly callTimeoutMs: number | undefined;
}

interface CallerRules extends Pick<ContextStore, 'actingAgent'> {
  readonly namespaceOf: (caller: Caller) => string;
  readonly formerName: (argument: string | undefined, caller: Caller) => string | undefined;
}

/** Returns a factory of tool methods, which check the input, run the use case within its deadline, and measure both. */
function toolMethods(
  { store, telemetry, bus, inboxWatch, seenAgents, settings, callTimeoutMs }: ToolParts,
  { namespaceOf, actingAgent, formerName }: CallerRules,
): <Name extends UseCaseName>(name: Name) => Method<Name> {
  const common = {
    settings,
    inboxWatch,
    hintFor: seenAgents.hintFor,
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
      const argument = input.agent ?? input.agentFrom;
      const agent = (): string => actingAgent(argument, caller);
      // A forbidden name is refused even by tools that do not use the agent.
      if (caller.boundAgent !== undefined) agent();
      const context: UseCaseContext = {
        ...common,
        store: signal === undefined ? store : interruptible(store, signal),
        namespace: namespaceOf(caller),
        agent,
        formerName: () => formerName(argument, caller),
        idempotency: idempotencyOf(name, input),
        process: caller.process,
        signal,
        stopping: caller.stopping,
      };
      if (showsAgent.has(name) && caller.isObserver !== true) {
        seenAgents.note(context.namespace, namesShown(context, input['roles']));
      }
      return runByEitherName(useCase, context, input);
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

/**
 * Runs a use case. If the agent has no right, runs it again under the agent's former name, if there is one: what belonged to
 * that name belongs to the agent. Throws the first error if that name has no right either.
 */
async function runByEitherName(
  useCase: UseCase<z.ZodObject, z.ZodObject>,
  context: UseCaseContext,
  input: Record<string, unknown>,
): Promise<unknown> {
  try {
    return await useCase.run(context, input);
  } catch (error) {
    const formerName = context.formerName();
    if (formerName === undefined || !mayBeFormerNames(error, formerName)) throw error;
    return useCase.run({ ...context, agent: () => formerName }, input).catch((second: unknown) => {
      throw mayBeFormerNames(second, context.agent()) ? error : second;
    });
  }
}

type PlainMethod = 'readSession' | 'deleteSession' | 'countNamespace' | 'subscribe' | 'completeSessionKey' | 'ping';

function plainMethods(
  { store, bus }: { readonly store: Store; readonly bus: EventBus },
  { dormantAfterMs }: Settings,
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
      presentSession(await reading(() => store.readSession(refOf(sessionKey, caller))), dormantAfterMs),
    deleteSession: async (sessionKey, caller = {}) => {
      const ref = refOf(sessionKey, caller);
      await hideInternals(store.deleteSession(ref));
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

/** The tools by which an agent is seen: those that begin, offer, look for and take work. The others are called often. */
const showsAgent: ReadonlySet<UseCaseName> = new Set([
  'registerSession',
  'requestHandoff',
  'listHandoffs',
  'acceptHandoff',
  'resolveHandoff',
]);

/** Returns the names that a call shows: the agent's, and the addresses of the roles that it listens to. */
function namesShown({ agent }: UseCaseContext, roles: unknown = []): readonly string[] {
  try {
    const listened = Array.isArray(roles) ? roles.map((role) => roleAddress(String(role))) : [];
    return [agent(), ...listened];
  } catch {
    // The caller named no agent. The call is refused for it if it needs one.
    return [];
  }
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
