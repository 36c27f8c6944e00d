import {
  isJSONRPCRequest,
  ProtocolError,
  type JSONRPCErrorResponse,
  type JSONRPCMessage,
  type JSONRPCRequest,
} from '@modelcontextprotocol/server';
import { parseUris, type Interests } from './resource-changes.js';

export const listenMethod = 'subscriptions/listen';

/** Looks at the method first: whether a message is well-formed takes a while to see. */
export const isListenRequest = (message: unknown): message is JSONRPCRequest =>
  (message as { method?: unknown } | undefined)?.method === listenMethod && isJSONRPCRequest(message);

/** What the parameters of a `subscriptions/listen`, or of its acknowledgement, ask to hear of. */
export function interestsOf(params: unknown): Interests {
  const filter = (params as { notifications?: { resourceSubscriptions?: unknown; resourcesListChanged?: unknown } })
    ?.notifications;
  const uris = filter?.resourceSubscriptions;
  return {
    uris: Array.isArray(uris) ? uris.filter((uri) => typeof uri === 'string') : [],
    list: filter?.resourcesListChanged === true,
  };
}

/** The answer to a client that would listen to what cannot be read: the SDK would let it, and it would hear nothing. */
export function refuseListening(message: JSONRPCMessage): JSONRPCErrorResponse | undefined {
  if (!isListenRequest(message)) return undefined;
  try {
    parseUris(interestsOf(message.params).uris);
    return undefined;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const { code, message: problem, data } = error;
    return { jsonrpc: '2.0', id: message.id, error: { code, message: problem, data } };
  }
}
