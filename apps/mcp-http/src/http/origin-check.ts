import { validateOriginHeader } from '@modelcontextprotocol/server';
import { isHostName } from './host-name.js';

/** Whether web pages of an origin, as browsers write it, are among those that were named. */
export type OriginCheck = (origin: string) => boolean;

/**
 * @param origins what pages may be of: one scheme, host and port, or every origin of a scheme (`moz-extension://*`)
 * @param hostNames hosts whose pages may be of any scheme and port
 */
export function createOriginCheck(origins: readonly string[], hostNames: readonly string[] = []): OriginCheck {
  const exact = new Set(origins);
  const loose = [...hostNames, ...origins.filter(isPattern)];
  return (origin) => exact.has(origin) || validateOriginHeader(origin, loose).ok;
}

/** One from a setting, as browsers write it; undefined when no browser sends it. */
export function readOrigin(text: string): string | undefined {
  if (isPattern(text)) return text;
  if (!URL.canParse(text)) return undefined;
  const { protocol, host, hostname, pathname, href } = new URL(text);
  if (schemesWithoutPages.has(protocol) || !isHostName(hostname)) return undefined;
  const origin = `${protocol}//${host}`;
  return href === origin + pathname && pathname.length <= 1 ? origin : undefined;
}

/** Pages come by other schemes: an origin never has one of these. */
const schemesWithoutPages: ReadonlySet<string> = new Set(['ws:', 'wss:', 'ftp:', 'file:']);

/** Every host of a scheme, for extensions of browsers alone: the hosts of http have many owners. */
const isPattern = (text: string): boolean => /^(?!(?:https?|wss?|ftp|file):)[a-z][a-z0-9+.-]*:\/\/\*$/.test(text);
