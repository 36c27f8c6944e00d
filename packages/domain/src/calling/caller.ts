import { z } from 'zod';
import { agentSchema, namespaceSchema } from '../model/names.js';
import type { McpRequest } from '../ports/telemetry.js';
import { parseInput, type FindProject } from '../use-cases/use-case.js';

/** For whom a view of a context store calls, and for how long: see `ContextStore.as`. */
export interface Caller {
  /** The namespace (the tenant) whose data the calls see. Default: the option `namespace`. */
  readonly namespace?: string | undefined;
  /**
   * The agent that the calls act as. A call whose `agent` argument names another one is FORBIDDEN. Default: the `agent`
   * argument of each call, or else the option `agent`.
   */
  readonly agent?: string | undefined;
  /**
   * Where the caller's work belongs, or `none`; or a function that finds it, for when a method depends on it. Lists show
   * this project and what has none, and new sessions belong to it. Default: the option `project`.
   */
  readonly project?: string | FindProject | undefined;
  /**
   * An id of the calling process, for several that act as one agent. Only the process that accepted a handoff may repeat
   * that, or end the handoff without its epoch. Default: the processes of an agent are not told apart.
   */
  readonly process?: string | undefined;
  /**
   * Aborts when the answers are no longer needed. A call whose signal has aborted does nothing, and throws the reason of
   * the signal. If it aborts later, waiting ends, for offers and for a turn at the store; what has been sent to the store
   * is still carried out.
   */
  readonly signal?: AbortSignal | undefined;
}

/**
 * What a server knows about the caller of one request. The fields that {@link Caller} lacks mean nothing to a
 * program that calls the library itself, so `@org/context-store` does not export them.
 */
export interface RequestCaller extends Caller {
  /** The agent that the connection names. It names the agent if the call does not. */
  readonly connectionAgent?: string | undefined;
  /** The free-form name that the client reports. It names the agent if neither the call, the connection nor the options do. */
  readonly clientName?: string | undefined;
  /** Identifies the request in error answers and in the log. */
  readonly requestId?: string | undefined;
  /** Names the credential of the request in the audit trail. It is no secret. */
  readonly credential?: string | undefined;
  /** Aborts when this process is about to end. Ends waiting for offers; the call then answers with what it has. */
  readonly stopping?: AbortSignal | undefined;
  /** True if the call looks at what an agent would see. The agent does not count as seen by it. Default: false. */
  readonly isObserver?: boolean | undefined;
  /** The MCP request that made the call, for its trace. */
  readonly request?: McpRequest | undefined;
}

/** Schema of an optional signal. */
export const signalSchema = z.instanceof(AbortSignal, { error: 'must be an AbortSignal' }).optional();

const callerSchema = z.strictObject({
  namespace: namespaceSchema.optional(),
  agent: agentSchema.optional(),
  // A malformed name is refused by the calls, which say where it comes from.
  project: z.custom<string | FindProject>((project) => ['string', 'function'].includes(typeof project)).optional(),
  process: z.string().min(1).optional(),
  signal: signalSchema,
} satisfies Record<keyof Caller, z.ZodType>);

const requestCallerSchema = callerSchema.extend({
  connectionAgent: z.string().optional(),
  clientName: z.string().optional(),
  requestId: z.string().optional(),
  credential: z.string().optional(),
  stopping: signalSchema,
  isObserver: z.boolean().optional(),
  request: z.custom<McpRequest>().optional(),
} satisfies Record<Exclude<keyof RequestCaller, keyof Caller>, z.ZodType>);

/**
 * Returns the caller with the fields that are given in place of its own.
 * @throws VALIDATION_ERROR (names every wrong field)
 */
export function withCaller(caller: RequestCaller, given: RequestCaller): RequestCaller {
  // The first problem of a program that is no server must not name the fields of servers.
  if (!requestCallerSchema.safeParse(given).success) parseInput(callerSchema, given, 'options');
  return {
    namespace: given.namespace ?? caller.namespace,
    agent: given.agent ?? caller.agent,
    project: given.project ?? caller.project,
    connectionAgent: given.connectionAgent ?? caller.connectionAgent,
    process: given.process ?? caller.process,
    signal: given.signal ?? caller.signal,
    clientName: given.clientName ?? caller.clientName,
    requestId: given.requestId ?? caller.requestId,
    credential: given.credential ?? caller.credential,
    stopping: given.stopping ?? caller.stopping,
    isObserver: given.isObserver ?? caller.isObserver,
    request: given.request ?? caller.request,
  } satisfies Record<keyof RequestCaller, unknown>;
}
