import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describeLocation, isSecret, sharedDatabase, type DatabaseLocation } from '@org/context-store';

export interface WelcomeOptions {
  readonly version: string;
  /** The URL of the MCP endpoint on this machine. */
  readonly url: string;
  /** The URL of the MCP endpoint as clients reach it. */
  readonly publicUrl: string;
  /** True if users must add an API key to the configuration of their clients. */
  readonly needsApiKey: boolean;
  readonly location: DatabaseLocation;
  readonly namespace: string;
}

const shim = join('node_modules', '.bin', 'mcp-stdio');

/** Writes what a user needs after the start: the URL, where the data is, and what to paste into an MCP client. */
export function welcomeText(options: WelcomeOptions): string {
  const { version, url, publicUrl, needsApiKey, location, namespace } = options;
  const authorization = 'Bearer YOUR_API_KEY';
  const flag = needsApiKey ? ` --header "Authorization: ${authorization}"` : '';
  const headers = needsApiKey && { headers: { Authorization: authorization } };
  return [
    `Context store ${version}`,
    `  MCP endpoint  ${url}`,
    `  Data          ${describeLocation(location)}`,
    '',
    'Add it to an MCP client, over HTTP:',
    `  claude mcp add --transport http context-store ${publicUrl}${flag}`,
    `  ${mcpServers({ type: 'http', url: publicUrl, ...headers })}`,
    ...stdioLines(location, namespace),
    '',
  ].join('\n');
}

/** How to use the same data over stdio, with one process per client. Data in this process's memory cannot be shared. */
function stdioLines(location: DatabaseLocation, namespace: string): string[] {
  const database = sharedDatabase(location);
  if (database === undefined) return [];
  const hidden = isSecret(location);
  // Clients do not start servers from this shell, so settings that depend on its variables are written out.
  const isOwnDefault = location.engine === 'sqlite' && location.isDefault && !process.env['XDG_DATA_HOME']?.trim();
  const env = {
    ...(!isOwnDefault && { DATABASE_URL: hidden ? fromEnvironment : database }),
    ...(namespace !== 'default' && { CONTEXT_NAMESPACE: namespace }),
  };
  const command = stdioCommand();
  const flags = Object.entries(env).map(
    ([name, value]) => ` --env ${name}=${value === fromEnvironment ? `"${value}"` : shellQuoted(value)}`,
  );
  return [
    '',
    'Or over stdio, on the same data, without this server:',
    ...(hidden
      ? ['  (Not shown, as it may hold a password: put your DATABASE_URL in where the variable is not expanded.)']
      : []),
    `  claude mcp add context-store${flags.join('')} -- ${shellQuoted(command)}`,
    `  ${mcpServers({ command, ...(flags.length > 0 && { env }) })}`,
  ];
}

/** Stands for a secret, which must not appear in a terminal. Shells expand it, and so do some clients. */
const fromEnvironment = '${DATABASE_URL}';

/** Returns the workspace's shim, which picks a Node.js that is new enough, or the name of the program. */
function stdioCommand(): string {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, shim))) return join(folder, shim);
  }
  return 'mcp-stdio';
}

const mcpServers = (server: object): string => JSON.stringify({ mcpServers: { 'context-store': server } });

const shellQuoted = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
