import { specTypeSchemas, type Server } from '@modelcontextprotocol/server';
import type { RequestCaller } from '@org/domain';
import { parseWatchedUris } from './interests.js';
import type { ResourceChanges } from './resource-changes.js';

/** Handles `resources/subscribe` and `resources/unsubscribe` on a connection of the legacy era, until it closes. */
// oxlint-disable-next-line typescript/no-deprecated -- the SDK keeps it for advanced uses such as this one
export function serveLegacySubscriptions(server: Server, changes: ResourceChanges, caller: RequestCaller): void {
  /** Ends the subscription to each URI. */
  const stops = new Map<string, () => void>();
  let isClosed = false;
  const onclose = (): void => {
    isClosed = true;
    for (const stop of stops.values()) stop();
    stops.clear();
  };
  Object.assign(server, { onclose });
  server.setRequestHandler(
    'resources/subscribe',
    { params: specTypeSchemas.SubscribeRequestParams },
    async ({ uri }) => {
      parseWatchedUris([...stops.keys(), uri]);
      const stop = await changes.watch({ uris: [uri], list: false }, caller, () => {
        // A send fails if the client is gone, and then there is nothing to do.
        server.sendResourceUpdated({ uri }).catch(() => undefined);
      });
      stops.get(uri)?.();
      stops.set(uri, stop);
      if (isClosed) stop();
      return {};
    },
  );
  server.setRequestHandler('resources/unsubscribe', { params: specTypeSchemas.UnsubscribeRequestParams }, ({ uri }) => {
    stops.get(uri)?.();
    stops.delete(uri);
    return {};
  });
}
