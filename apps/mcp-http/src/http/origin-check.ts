import { validateOriginHeader } from '@modelcontextprotocol/server';
import { isHostName } from './host-name.js';

/** Returns true if web pages of an origin, as browsers write it, are allowed. */
export type OriginCheck = (origin: string) => boolean;

/**
 * @param origins allowed origins: one scheme, host and port, or every origin of a scheme (`moz-extension://*`)
 * @param hostNames hosts that are allowed with any scheme and port
 */
export function createOriginCheck(origins: readonly string[], hostNames: readonly string[] = []): OriginCheck {
  const exact = new Set(origins);
  const loose = [...hostNames, ...origins.filter(isPattern)];
  return (origin) => exact.has(origin) || validateOriginHeader(origin, loose).ok;
}

/** Reads an origin from a setting and writes it as browsers do. Returns undefined if no browser would send it. */
export function readOrigin(text: string): string | undefined {
  if (isPattern(text)) return text;
  if (!URL.canParse(text)) return undefined;
  const { protocol, host, hostname, pathname, href } = new URL(text);
  if (schemesWithoutPages.has(protocol) || !isHostName(hostname)) return undefined;
  const origin = `${protocol}//${host}`;
  return href === origin + pathname && pathname.length <= 1 ? origin : undefined;
}

/** Web pages never have an origin with one of these schemes. */
const schemesWithoutPages: ReadonlySet<string> = new Set(['ws:', 'wss:', 'ftp:', 'file:']);

/** Matches every host of a scheme. Only browser extensions may be allowed like this: hosts of http have many owners. */
const isPattern = (text: string): boolean => /^(?!(?:https?|wss?|ftp|file):)[a-z][a-z0-9+.-]*:\/\/\*$/.test(text);
