/** A name, an IPv4 address, or an IPv6 address in brackets, as in URLs. Wildcards are not supported. */
const hostName = /^(?:[\w-]+(?:\.[\w-]+)*|\[[\da-f:.]+\])$/;

/** Returns true if the host of a URL is a host name or an address. */
export const isHostName = (host: string): boolean => hostName.test(host);

/** Reads the host of a setting's item, which may have a port. Returns undefined if no request could name it. */
export function readHostName(item: string): string | undefined {
  if (!URL.canParse(`http://${item}`)) return undefined;
  const { hostname, host, href } = new URL(`http://${item}`);
  return isHostName(hostname) && href === `http://${host}/` ? hostname : undefined;
}
