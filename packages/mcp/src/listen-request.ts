import { ProtocolError, type JSONRPCErrorResponse } from '@modelcontextprotocol/server';
import type { Message } from './message.js';
import { parseUris, type Interests } from './resource-changes.js';

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
export function refuseListening({ kind, body }: Message): JSONRPCErrorResponse | undefined {
  if (kind !== 'listen') return undefined;
  try {
    parseUris(interestsOf(body.params).uris);
    return undefined;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const { code, message: problem, data } = error;
    return { jsonrpc: '2.0', id: body.id, error: { code, message: problem, data } };
  }
}
