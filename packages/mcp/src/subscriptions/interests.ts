import { invalidParams } from '../errors/protocol-error.js';
import { parseUri, type ParsedUri } from '../resources/resource-uri.js';

/** What a client asks to be notified of: changes of single resources, and changes of the list of resources. */
export interface Interests {
  readonly uris: readonly string[];
  readonly list: boolean;
}

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

/** Maximum number for one legacy client, or for one modern subscription, of which a client may have several. */
const maxUris = 100;

/** Parses each distinct URI. @throws ProtocolError if one is unknown or malformed, or there are too many */
export function parseWatchedUris(uris: readonly string[]): readonly (readonly [uri: string, parsed: ParsedUri])[] {
  const distinct = [...new Set(uris)];
  if (distinct.length <= maxUris) return distinct.map((uri) => [uri, parseUri(uri)]);
  throw invalidParams(`At most ${maxUris} resources can be watched at once; ${distinct.length} are too many.`);
}
