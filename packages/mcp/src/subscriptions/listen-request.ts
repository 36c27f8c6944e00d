import { isJSONRPCRequest, type JSONRPCRequest } from '@modelcontextprotocol/server';
import type { Interests } from './interests.js';

export const listenMethod = 'subscriptions/listen';

/** Compares the method first, because checking that a message is well-formed is slow. */
export const isListenRequest = (message: unknown): message is JSONRPCRequest =>
  (message as { method?: unknown } | undefined)?.method === listenMethod && isJSONRPCRequest(message);

/** Reads the interests from the parameters of a `subscriptions/listen`, or of its acknowledgement. */
export function interestsOf(params: unknown): Interests {
  const filter = (params as { notifications?: { resourceSubscriptions?: unknown; resourcesListChanged?: unknown } })
    ?.notifications;
  const uris = filter?.resourceSubscriptions;
  return {
    uris: Array.isArray(uris) ? uris.filter((uri) => typeof uri === 'string') : [],
    list: filter?.resourcesListChanged === true,
  };
}
