import {
  agentSchema,
  mayWrite,
  sessionKeySchema,
  type ContextStore,
  type McpRequest,
  type RequestCaller,
  type UseCaseName,
} from '@org/domain';
import { findActingAgent } from './find-acting-agent.js';
import type { Message } from './messages/message.js';
import { sessionKeyIn } from './resources/resource-uri.js';

/** The requests other than tool calls that read what is stored. */
export type ReadMethod = 'resources/list' | 'resources/read' | 'prompts/get' | 'completion/complete';

/** What a request asks for: names, and no text that a caller recorded. */
interface CallSubject {
  /** The method of MCP. */
  readonly method: 'tools/call' | ReadMethod;
  /** Undefined unless a tool was called. */
  readonly tool?: UseCaseName | undefined;
  /** Whether the request may change what is stored. */
  readonly mayWrite: boolean;
  /** Undefined if the request names none, or a malformed one. */
  readonly sessionKey?: string | undefined;
  /** Undefined if the request names none, or a malformed one. */
  readonly handoffId?: string | undefined;
  /** The agent that the arguments name, before validation. */
  readonly agentArgument?: string | undefined;
}

/** How a request ended. */
interface CallEnd {
  /** `ok`, or the code of the error. Resources and prompts may fail by a code of JSON-RPC, such as `-32602`. */
  readonly outcome: string;
  /** Undefined if the request was refused before it was served. */
  readonly durationMs?: number | undefined;
  /** True if the answer repeats that of an earlier call with the same idempotency key, and nothing was written. */
  readonly isReplay?: boolean | undefined;
}

/** A call of a tool, a read of a resource, a prompt or a completion that was answered. */
export interface FinishedCall extends Omit<CallSubject, 'agentArgument'>, CallEnd {
  readonly requestId: string;
  /** Undefined if callers are not asked for credentials. */
  readonly credential: string | undefined;
  /** Undefined if it is the default namespace of the process. */
  readonly namespace: string | undefined;
  /** The agent that the request acts as. Undefined if it is unknown. */
  readonly agent: string | undefined;
  /** The telemetry finds the request's trace by this. */
  readonly request: McpRequest | undefined;
}

export type OnCall = (call: FinishedCall) => void;

type Fields = Readonly<Record<string, unknown>>;

/** The caller of a finished call, whose answer has the same request id. */
export interface IdentifiedCaller extends RequestCaller {
  readonly requestId: string;
}

export function finishedCall(
  contextStore: ContextStore,
  { agentArgument, ...subject }: CallSubject,
  caller: IdentifiedCaller,
  end: CallEnd,
): FinishedCall {
  const { requestId, credential, namespace, request } = caller;
  const agent = findActingAgent(contextStore.as(caller), agentArgument) ?? caller.agent;
  const knownAgent = agentSchema.safeParse(agent).success ? agent : undefined;
  return { ...subject, ...end, requestId, credential, namespace, agent: knownAgent, request };
}

/** @param answer the structured content of the tool's result. Undefined if the call was refused before it was served */
export function subjectOfTool(tool: UseCaseName, given: Fields, answer: Fields = {}): CallSubject {
  const { handoff, session, details } = answer;
  const places = [given, answer, handoff, session, details];
  return {
    method: 'tools/call',
    tool,
    mayWrite: mayWrite(tool, given),
    agentArgument: agentIn(given),
    sessionKey: nameIn(places, 'sessionKey'),
    handoffId: nameIn(places, 'handoffId'),
  };
}

export function subjectOfRead(method: ReadMethod, params: Fields = {}): CallSubject {
  const { uri, arguments: given } = params;
  const sessionKey = method === 'resources/read' ? sessionKeyIn(String(uri)) : nameIn([given], 'sessionKey');
  return { method, mayWrite: false, sessionKey };
}

/** Returns what a message asks for that is refused before it is served. Returns undefined for messages that read nothing. */
export function subjectOfMessage(message: Message): CallSubject | undefined {
  if (message.kind === 'tool_call') {
    return message.tool && subjectOfTool(message.tool, fieldsOf(message.arguments));
  }
  if (message.kind !== 'request') return undefined;
  const { method, params } = message.body;
  return isReadMethod(method) ? subjectOfRead(method, params) : undefined;
}

const readMethods: Readonly<Record<ReadMethod, true>> = {
  'resources/list': true,
  'resources/read': true,
  'prompts/get': true,
  'completion/complete': true,
};
const isReadMethod = (method: string): method is ReadMethod => Object.hasOwn(readMethods, method);

/** The agent that the arguments of a tool name, before validation. */
export function agentIn(given: Fields): string | undefined {
  const argument = given['agent'] ?? given['agentFrom'];
  return typeof argument === 'string' ? argument : undefined;
}

/** Returns the first well-formed name of this field. The arguments of a call that failed may hold anything. */
function nameIn(places: readonly unknown[], field: 'sessionKey' | 'handoffId'): string | undefined {
  for (const place of places) {
    // Ids of handoffs have the form of a session key.
    const name = sessionKeySchema.safeParse(fieldsOf(place)[field]);
    if (name.success) return name.data;
  }
  return undefined;
}

const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});
