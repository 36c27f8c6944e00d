import {
  PROTOCOL_VERSION_META_KEY,
  type JSONRPCMessage,
  type JSONRPCNotification,
  type JSONRPCRequest,
  type JSONRPCResponse,
} from '@modelcontextprotocol/server';
import { asksToWait, waitMs, type UseCaseName } from '@org/domain';
import { isToolName } from '../tools/tools.js';
import { readMessage, type MessageRefusal } from './read-message.js';

/** A JSON-RPC message, classified. `body` is the message as its client sent it. */
export type Message = ToolCall | ListenRequest | OtherRequest | Notification | ResponseMessage;

/** A `tools/call`. */
export interface ToolCall {
  readonly kind: 'tool_call';
  readonly body: JSONRPCRequest;
  /** Undefined if no tool has the name that the client sent. */
  readonly tool: UseCaseName | undefined;
  /** The arguments, which nothing has validated yet. */
  readonly arguments: unknown;
  /** How long the call asks to wait, in milliseconds. Undefined if it asks for an answer at once. */
  readonly waitMs: number | undefined;
}

/** A `subscriptions/listen`: its answer is a stream of changes. */
export interface ListenRequest {
  readonly kind: 'listen';
  readonly body: JSONRPCRequest;
}

/** A request with any other method. */
export interface OtherRequest {
  readonly kind: 'request';
  readonly body: JSONRPCRequest;
}

export interface Notification {
  readonly kind: 'notification';
  readonly body: JSONRPCNotification;
}

/** A client's answer to a request of the server. */
export interface ResponseMessage {
  readonly kind: 'response';
  readonly body: JSONRPCResponse;
}

/** A message that cannot be read. Its sender gets the refusal as the answer. */
export interface RefusedMessage {
  readonly kind: 'refused';
  readonly refusal: MessageRefusal;
}

/**
 * Reads and classifies one message. Limits, scopes and handlers use this result and do not inspect the body again to find
 * out what a client asks for.
 */
export function receiveMessage(bytes: Buffer): Message | RefusedMessage {
  const read = readMessage(bytes);
  return 'refusal' in read ? { kind: 'refused', refusal: read.refusal } : classifyMessage(read.message);
}

/** Classifies a message that is valid JSON-RPC. It checks which members the message has, but not their types. */
export function classifyMessage(body: JSONRPCMessage): Message {
  if (!('method' in body)) return { kind: 'response', body };
  if (!('id' in body)) return { kind: 'notification', body };
  switch (body.method) {
    case 'tools/call':
      return toolCall(body);
    case 'subscriptions/listen':
      return { kind: 'listen', body };
    default:
      return { kind: 'request', body };
  }
}

function toolCall(body: JSONRPCRequest): ToolCall {
  const { name, arguments: given } = body.params ?? {};
  return {
    kind: 'tool_call',
    body,
    tool: typeof name === 'string' && isToolName(name) ? name : undefined,
    arguments: given,
    waitMs: asksToWait(given) ? waitMs(given) : undefined,
  };
}

/** Returns true if the answer comes when something happens, not as soon as possible. */
export const waits = (message: Message): boolean =>
  message.kind === 'listen' || (message.kind === 'tool_call' && message.waitMs !== undefined);

/** Requests of the modern era (2026-07-28) name their protocol version in `_meta`; requests of the legacy era do not. */
export const isModern = ({ params }: JSONRPCRequest): boolean =>
  params?._meta?.[PROTOCOL_VERSION_META_KEY] !== undefined;
