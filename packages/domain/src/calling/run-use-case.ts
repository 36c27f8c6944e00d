import type { z } from 'zod';
import { ContextStoreError } from '../errors.js';
import type { SeenAgents } from '../agents/seen-agents.js';
import { roleAddress } from '../model/names.js';
import { namedProjectSchema, noProject } from '../model/project.js';
import type { EventBus, StoreEvent } from '../ports/event-bus.js';
import type { Idempotency } from '../ports/store.js';
import type { BusinessEvent, Telemetry } from '../ports/telemetry.js';
import { limits } from '../rules/limits.js';
import { requestHash } from '../rules/request-hash.js';
import { resolveAgent } from '../rules/resolve-agent.js';
import { givenArguments } from '../use-cases/given-arguments.js';
import { useCases, type UseCaseInput, type UseCaseName, type UseCaseResult } from '../use-cases/index.js';
import { parseInput, type FindProject, type UseCase, type UseCaseContext } from '../use-cases/use-case.js';
import type { RequestCaller } from './caller.js';
import { orReasonOf, type Calls } from './calls.js';
import { interruptible } from './interruptible-store.js';

export interface UseCaseParts extends Pick<UseCaseContext, 'store' | 'settings' | 'inboxWatch'> {
  readonly telemetry: Telemetry;
  readonly bus: EventBus;
  readonly calls: Calls;
  readonly seenAgents: SeenAgents;
  /** The agent, the namespace and the project of callers that name none. */
  readonly defaults: {
    readonly agent: string | undefined;
    readonly namespace: string;
    readonly project: string | undefined;
  };
}

/** Runs use cases for callers. */
export interface UseCaseRunner {
  /** Checks the input, runs the use case within its deadline, and measures both. */
  readonly run: <Name extends UseCaseName>(
    name: Name,
    input: UseCaseInput<Name>,
    caller: RequestCaller,
  ) => Promise<UseCaseResult<Name>>;
  /** Returns what a use case gets for one call. `agentArgument` is the agent that the call names. */
  readonly contextOf: (
    caller: RequestCaller,
    signal: AbortSignal | undefined,
    agentArgument?: string,
    idempotency?: Idempotency,
  ) => UseCaseContext;
  /** Returns the agent that a call acts as. @throws VALIDATION_ERROR, FORBIDDEN: see `resolveAgent` */
  readonly actingAgent: (argument: string | undefined, caller: RequestCaller) => string;
  /** Returns the project of a caller, or undefined if it has none. @throws VALIDATION_ERROR (it is malformed) */
  readonly projectOf: (caller: RequestCaller) => ReturnType<FindProject>;
  readonly namespaceOf: (caller: RequestCaller) => string;
}

export function createUseCaseRunner(parts: UseCaseParts): UseCaseRunner {
  const { store, telemetry, bus, inboxWatch, seenAgents, settings, calls, defaults } = parts;
  const common = {
    settings,
    inboxWatch,
    hintFor: seenAgents.hintFor,
    count: (event: BusinessEvent) => telemetry.count(event),
    publish: (event: StoreEvent) => bus.publish(event),
  };
  const namespaceOf = (caller: RequestCaller): string => caller.namespace ?? defaults.namespace;
  const actingAgent = (argument: string | undefined, caller: RequestCaller): string => {
    const { agent: boundAgent, connectionAgent, clientName } = caller;
    return resolveAgent({ boundAgent, argument, connectionAgent, configured: defaults.agent, clientName });
  };
  const projectOf = (caller: RequestCaller): ReturnType<FindProject> => findProject(caller, defaults.project);

  const contextOf: UseCaseRunner['contextOf'] = (caller, signal, agentArgument, idempotency) => ({
    ...common,
    store: signal === undefined ? store : interruptible(store, signal),
    namespace: namespaceOf(caller),
    agent: () => actingAgent(agentArgument, caller),
    project: () => projectOf(caller),
    idempotency,
    process: caller.process,
    signal,
    stopping: caller.stopping,
  });

  const call = async (
    name: UseCaseName,
    given: unknown,
    caller: RequestCaller,
    signal: AbortSignal | undefined,
  ): Promise<unknown> => {
    const useCase: UseCase<z.ZodObject, z.ZodObject> = useCases[name];
    const input = parseInput(useCase.input, givenArguments(useCase.input, given)) as CommonArguments &
      Record<string, unknown>;
    const context = contextOf(caller, signal, input.agent ?? input.agentFrom, idempotencyOf(name, input));
    // A forbidden name is refused even by tools that do not use the agent.
    if (caller.agent !== undefined) context.agent();
    // So is a malformed project, so that a wrong setting of a client shows at its first call.
    if (typeof caller.project === 'string') checkedProject(caller.project);
    if (showsAgent.has(name) && caller.isObserver !== true) {
      seenAgents.note(context.namespace, namesShown(context, input['roles']));
    }
    return useCase.run(context, input);
  };

  return {
    run: <Name extends UseCaseName>(name: Name, given: UseCaseInput<Name>, caller: RequestCaller) => {
      const { signal, request } = caller;
      const waits = asksToWait(given);
      const limit = { waitMs: waits ? waitMs(given) : 0, mayWrite: mayWrite(name, given) };
      const measured = telemetry.measure({ tool: name, waits, request }, () =>
        calls.run(limit, signal, (ending) => call(name, given, caller, ending)),
      );
      // A name has matching input and result; TypeScript cannot tell for a union of them.
      return (signal === undefined ? measured : orReasonOf(signal, measured)) as Promise<UseCaseResult<Name>>;
    },
    contextOf,
    actingAgent,
    projectOf,
    namespaceOf,
  };
}

/** @param preset the project of callers that name none */
function findProject({ project: own }: RequestCaller, preset: string | undefined): ReturnType<FindProject> {
  const checked = (found: string | undefined): string | undefined => {
    const named = found === undefined ? preset : checkedProject(found);
    return named === noProject ? undefined : named;
  };
  const found = typeof own === 'function' ? own() : own;
  return found instanceof Promise ? found.then(checked) : checked(found);
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
    return [agent(), ...(Array.isArray(roles) ? roles.map((role) => roleAddress(String(role))) : [])];
  } catch {
    // The caller named no agent. The call is refused for it if it needs one.
    return [];
  }
}

const writingUseCases: ReadonlySet<UseCaseName> = new Set(
  (Object.keys(useCases) as UseCaseName[]).filter((name) => 'idempotencyKey' in useCases[name].input.shape),
);

/** Whether a call of a tool may change what is stored. The arguments need not be valid. */
export const mayWrite = (name: UseCaseName, given: unknown): boolean => writingUseCases.has(name) || movesMark(given);

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
