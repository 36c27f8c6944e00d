/** Writes a host as URLs do: an IPv6 address stands in brackets. */
export const urlHost = (host: string): string => (host.includes(':') ? `[${host}]` : host);
