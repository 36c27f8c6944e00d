import { specTypeSchemas, type Server } from '@modelcontextprotocol/server';
import type { Caller } from '@org/domain';
import { parseUris, type ResourceChanges } from './resource-changes.js';

const params = specTypeSchemas.SubscribeRequestParams;

/** Serves `resources/subscribe` and `resources/unsubscribe` on a connection of the legacy era, until it closes. */
// oxlint-disable-next-line typescript/no-deprecated -- kept by the SDK for advanced uses such as this one
export function serveLegacySubscriptions(server: Server, changes: ResourceChanges, caller: Caller): void {
  /** What ends the watching of each URI. */
  const stops = new Map<string, () => void>();
  let isClosed = false;
  const onclose = (): void => {
    isClosed = true;
    for (const stop of stops.values()) stop();
    stops.clear();
  };
  Object.assign(server, { onclose });
  server.setRequestHandler('resources/subscribe', { params }, async ({ uri }) => {
    parseUris([...stops.keys(), uri]);
    const stop = await changes.watch({ uris: [uri], list: false }, caller, () => {
      // A client that is gone needs to hear of nothing.
      server.sendResourceUpdated({ uri }).catch(() => undefined);
    });
    stops.get(uri)?.();
    stops.set(uri, stop);
    if (isClosed) stop();
    return {};
  });
  server.setRequestHandler('resources/unsubscribe', { params: specTypeSchemas.UnsubscribeRequestParams }, ({ uri }) => {
    stops.get(uri)?.();
    stops.delete(uri);
    return {};
  });
}
