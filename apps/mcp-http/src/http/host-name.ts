/** A name or an IPv4 address, or an IPv6 address in brackets, as URLs have them: without wildcards, which mean nothing here. */
const hostName = /^(?:[\w-]+(?:\.[\w-]+)*|\[[\da-f:.]+\])$/;

/** Whether the host of a URL can be one that clients name. */
export const isHostName = (host: string): boolean => hostName.test(host);

/** The host that an item of a setting names, perhaps with a port; undefined when a request could never name it. */
export function readHostName(item: string): string | undefined {
  if (!URL.canParse(`http://${item}`)) return undefined;
  const { hostname, host, href } = new URL(`http://${item}`);
  return isHostName(hostname) && href === `http://${host}/` ? hostname : undefined;
}
