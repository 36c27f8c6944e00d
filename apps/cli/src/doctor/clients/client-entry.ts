/** How a client starts or reaches one MCP server. */
export interface ClientEntry {
  /** Its name in the configuration. */
  readonly name: string;
  /** The program and its arguments. Undefined: the client reaches a server by `url`. */
  readonly command: readonly string[] | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly url: string | undefined;
  /** The agent that it names: in CONTEXT_AGENT, in the URL or in a header. */
  readonly agent: string | undefined;
}

/** Returns the servers in an object of servers by their names, as all clients have it in one form or another. */
export function entriesOf(servers: unknown): ClientEntry[] {
  if (!isObject(servers)) return [];
  return Object.entries(servers).flatMap(([name, server]) => (isObject(server) ? [entryOf(name, server)] : []));
}

function entryOf(name: string, server: Readonly<Record<string, unknown>>): ClientEntry {
  const { command, args } = server;
  const program = [command].flat().filter((word) => typeof word === 'string');
  const words = Array.isArray(args) ? args.filter((word) => typeof word === 'string') : [];
  const env = textsOf(server['env'] ?? server['environment']);
  const url = ['url', 'httpUrl', 'serverUrl'].map((key) => server[key]).find((value) => typeof value === 'string');
  const headers = textsOf(server['headers'] ?? server['http_headers']);
  return {
    name,
    command: program.length === 0 ? undefined : [...program, ...words],
    env,
    url,
    agent: env['CONTEXT_AGENT'] ?? headers['Context-Agent'] ?? agentInUrl(url),
  };
}

function agentInUrl(url: string | undefined): string | undefined {
  if (url === undefined || !URL.canParse(url)) return undefined;
  return new URL(url).searchParams.get('agent') ?? undefined;
}

/** Whether a server is a context store: by its name, or by the program that it starts. */
export const isContextStore = ({ name, command = [] }: ClientEntry): boolean =>
  [name, ...command].some((word) => /context[-_]store|mcp-stdio/.test(word));

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function textsOf(value: unknown): Readonly<Record<string, string>> {
  const pairs = Object.entries(isObject(value) ? value : {});
  return Object.fromEntries(pairs.filter((pair): pair is [string, string] => typeof pair[1] === 'string'));
}
