import { z } from 'zod';
import { createSeenAgents } from './agents/seen-agents.js';
import type { Caller } from './calling/caller.js';
import { createCalls, type Rephrase } from './calling/calls.js';
import { createView } from './calling/create-view.js';
import { createUseCaseRunner } from './calling/run-use-case.js';
import { agentSchema, namespaceSchema } from './model/names.js';
import type { Entry } from './model/entry.js';
import type { Handoff } from './model/handoff.js';
import { projectSchema } from './model/project.js';
import type { Session } from './model/session.js';
import { takeOverPolicies, type TakeOverPolicy, type TookOver } from './model/take-over.js';
import { createMemoryBus, type EventBus, type StoreEvent } from './ports/event-bus.js';
import type { NamespaceCounts, Store } from './ports/store.js';
import { noTelemetry, type Telemetry } from './ports/telemetry.js';
import { limits } from './rules/limits.js';
import type { EntriesOptions } from './streams/entries.js';
import type { OffersOptions } from './streams/offers.js';
import type {
  AcceptHandoffInput,
  AcceptHandoffResult,
  GetBriefingInput,
  GetBriefingResult,
  GetContextInput,
  GetContextResult,
  ListHandoffsInput,
  ListHandoffsResult,
  ListSessionsInput,
  ListSessionsResult,
  RegisterSessionInput,
  RegisterSessionResult,
  RequestHandoffInput,
  RequestHandoffResult,
  ResolveHandoffInput,
  ResolveHandoffResult,
  UpdateContextInput,
  UpdateContextResult,
  UpdateSessionInput,
  UpdateSessionResult,
} from './use-cases/tool-types.js';
import { parseInput, type Settings } from './use-cases/use-case.js';
import { createInboxWatch } from './waiting/inbox-watch.js';
import { createLogWatch } from './waiting/log-watch.js';
import type { WorkHandler, WorkOptions } from './work/work-options.js';

/**
 * The context store: one method per use case, with the names, arguments and answers of the MCP tools. Every method
 * checks its input, and throws only `ContextStoreError`, or the reason of a signal that aborted. When the promise of a
 * writing method resolves, the change is durable.
 */
export interface ContextStore extends AsyncDisposable {
  /** Creates a session owned by the agent, or resumes an existing one with `ifExists: 'resume'`. */
  registerSession(input?: RegisterSessionInput): Promise<RegisterSessionResult>;
  /** Appends one entry to a session's log. Answers with its sequence. */
  updateContext(input: UpdateContextInput): Promise<UpdateContextResult>;
  /** Reads part of the log within a token budget. Default: the newest 20 entries, in ascending order. */
  getContext(input: GetContextInput): Promise<GetContextResult>;
  /** Returns what a resuming agent reads first, within a token budget. */
  getBriefing(input: GetBriefingInput): Promise<GetBriefingResult>;
  /** Offers a session to another agent, or asks the owner for it. */
  requestHandoff(input: RequestHandoffInput): Promise<RequestHandoffResult>;
  /** Lists the inbox or outbox, oldest first. `cursor` lists only what is new, and `waitSeconds` waits for it. */
  listHandoffs(input?: ListHandoffsInput): Promise<ListHandoffsResult>;
  /** Accepts an offer. Exactly one acceptor wins, and gets the session, its epoch and a briefing. */
  acceptHandoff(input: AcceptHandoffInput): Promise<AcceptHandoffResult>;
  /** Completes, rejects, cancels or returns a handoff. */
  resolveHandoff(input: ResolveHandoffInput): Promise<ResolveHandoffResult>;
  /** Lists the sessions of the namespace, newest first. */
  listSessions(input?: ListSessionsInput): Promise<ListSessionsResult>;
  /** Closes, reopens, extends or annotates a session. */
  updateSession(input: UpdateSessionInput): Promise<UpdateSessionResult>;

  /**
   * Returns a view of this store: the same methods, whose calls act for a caller. Fields that are left out are those of
   * this view. A view costs next to nothing, so make one for each request. It shares the store: closing a view closes
   * the store.
   * @throws VALIDATION_ERROR (a field is wrong or unknown)
   */
  as(caller: Caller): ContextStore;
  /**
   * Waits for offers to the agent, to its roles and to anyone, and yields each once, in the order of `listHandoffs`. An
   * offer that is pending again because a lease lapsed is yielded again. Several loops may wait for the same offers, in
   * any number of processes: `acceptHandoff` has one winner.
   *
   * The loop survives errors that a retry may solve, such as a database that is away: it waits longer after each, up to
   * ten seconds. It has no end of its own, so it just ends when the signal aborts, or the store is closed.
   * @throws VALIDATION_ERROR at once, and later what no retry can solve
   */
  offers(options?: OffersOptions): AsyncGenerator<Handoff, void, void>;
  /**
   * Reads a log in ascending order, each entry whole, however long its content and the log are. With `follow`, it waits
   * for further entries at the end, and survives errors that a retry may solve.
   *
   * Rejects with the reason of the signal when that aborts, and with STORE_CLOSED when the store is closed: a loop that
   * just ends has read the whole log.
   * @throws VALIDATION_ERROR at once; SESSION_NOT_FOUND (also if the session is deleted meanwhile)
   */
  entries(options: EntriesOptions): AsyncGenerator<Entry, void, void>;
  /**
   * Works on full handoffs to the agent, to its roles and to anyone, until the signal aborts. Accepts each on a lease,
   * renews that while the handler runs, and then ends the handoff: `completed` with what the handler returns, or
   * `returned` with the message of what it throws. Leaves handoffs of other types pending.
   *
   * Any number of workers may work on the same offers, in any number of processes. An offer has one worker at a time: if
   * that dies or loses its lease, the offer is pending again, and another one takes it. So work may be begun again, but
   * nothing of a worker that has lost its lease is recorded.
   *
   * @returns a promise that resolves when the worker is drained: its signal aborted, or the store was closed, and its
   *   handlers have ended or their handoffs were returned. It rejects with what no retry can solve, drained as well
   * @throws VALIDATION_ERROR, FORBIDDEN
   */
  work(options: WorkOptions, handler: WorkHandler): Promise<void>;
  /**
   * Returns the agent that a method acts as if it gets this `agent` argument.
   * @throws VALIDATION_ERROR (no agent is known), FORBIDDEN (the view acts as another agent)
   */
  actingAgent(argument?: string): string;
  /**
   * Finds the project of the view's caller, or undefined if it has none.
   * @throws VALIDATION_ERROR (it is malformed)
   */
  actingProject(): Promise<string | undefined>;
  /** Reads one session, without its log. @throws SESSION_NOT_FOUND, VALIDATION_ERROR */
  readSession(sessionKey: string): Promise<Session>;
  /**
   * Deletes a session with its log, handoffs, read marks and the answers recorded under idempotency keys. For
   * operators: no tool deletes.
   * @throws SESSION_NOT_FOUND, VALIDATION_ERROR
   */
  deleteSession(sessionKey: string): Promise<void>;
  /**
   * Makes an agent the owner of a session without the consent of its owner, whatever the session's state. The log gets
   * an entry of type `system`, which says that an operator did it, and why; a lease ends. For operators: an agent asks
   * for a session with `requestHandoff` and the type `take_over`.
   * @returns the session, and what is known of its former owner's writes
   * @throws SESSION_NOT_FOUND, VALIDATION_ERROR (the agent owns the session already)
   */
  takeOverSession(input: TakeOverSessionInput): Promise<TakenOver>;
  /** Counts what the namespace holds. No number exceeds 10,000. */
  countNamespace(): Promise<NamespaceCounts>;
  /**
   * Calls the listener for changes in the namespace; events are hints. A signal that aborts ends the subscription.
   * @returns a function that ends the subscription
   */
  subscribe(listener: (event: StoreEvent) => void): () => void;
  /** Returns up to 100 session keys that begin with the prefix, ascending. For completion of typed input. */
  completeSessionKey(prefix: string): Promise<readonly string[]>;
  /** Resolves if calls can be served. @throws STORE_UNAVAILABLE, STORE_CLOSED */
  ping(): Promise<void>;
  /**
   * Finishes the calls under way, then releases all resources. Later calls throw STORE_CLOSED, and so do calls that a
   * database server has not answered after `withinMs` milliseconds. Default: waits for all of them.
   */
  close(withinMs?: number): Promise<void>;
  /** Closes the store: see {@link close}. Called at the end of the scope of `await using store = …`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** What an operator decides of a session whose owner is gone. */
export interface TakeOverSessionInput {
  /** The key of the session. */
  readonly sessionKey: string;
  /** The new owner. */
  readonly agent: string;
  /** Why the session is taken over, for its log. At most 2 KiB. */
  readonly reason?: string | undefined;
}

/** The answer to `takeOverSession`. */
export interface TakenOver {
  /** The session, as it is after the call. */
  readonly session: Session;
  /** What is known of its former owner's writes. */
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

const hourMs = 3_600_000;

const ttlMs = z
  .int()
  .min(1)
  .max(limits.ttlSeconds * 1000);

/** Schema of {@link ContextStoreOptions}. */
export const contextStoreOptionsSchema = z.strictObject({
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
  /**
   * Rewrites the messages of errors. For programs that are configured by other means than options: their users know the
   * options by other names. Default: messages name options.
   */
  readonly rephrase?: Rephrase | undefined;
}

/** Finds offers that no event announced, well within two seconds. */
const pollIntervalMs = 1000;
/** Finds entries whose event got lost. The buses of the engines find them sooner. */
const logPollIntervalMs = 5000;

/**
 * Creates a context store over a store and a bus. It owns both: its `close` closes them.
 * @throws VALIDATION_ERROR (an option is invalid)
 */
export function createContextStore(
  { store, telemetry = noTelemetry, bus = createMemoryBus(), rephrase }: ContextStorePorts,
  options: ContextStoreOptions = {},
): ContextStore {
  const parsedOptions = parseInput(contextStoreOptionsSchema, options, 'options');
  const { namespace, agent, project, callTimeoutMs, ...parsed } = parsedOptions;
  const settings: Settings = { ...parsed, sessionTtlMs: parsed.sessionTtlMs };
  const observedStore = telemetry.observeStore(store);
  // It peeks for all waiting calls at once, so it gets the store without traces: a peek belongs to no single call.
  const inboxWatch = createInboxWatch({ store, bus, pollIntervalMs });
  const logWatch = createLogWatch({ bus, pollIntervalMs: logPollIntervalMs });
  const calls = createCalls(callTimeoutMs, rephrase);
  const seenAgents = createSeenAgents(store);
  const parts = { store: observedStore, bus, calls, settings, logWatch };
  const runner = createUseCaseRunner({
    ...parts,
    telemetry,
    inboxWatch,
    seenAgents,
    defaults: { namespace, agent, project },
  });
  const close = async (withinMs?: number): Promise<void> => {
    calls.close();
    inboxWatch.close();
    logWatch.close();
    seenAgents.close();
    await Promise.all([bus.close(), store.close(withinMs)]);
  };
  return createView({ ...parts, runner, close }, {});
}
