import { validateOriginHeader } from '@modelcontextprotocol/server';

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

/** One from a setting, as browsers write it; undefined when it is none. */
export function readOrigin(text: string): string | undefined {
  if (isPattern(text)) return text;
  if (!URL.canParse(text)) return undefined;
  const { protocol, host, pathname, href } = new URL(text);
  const origin = `${protocol}//${host}`;
  return host !== '' && href === origin + pathname && pathname.length <= 1 ? origin : undefined;
}

const isPattern = (text: string): boolean => /^[a-z][a-z0-9+.-]*:\/\/\*$/.test(text);
