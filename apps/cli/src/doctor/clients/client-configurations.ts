import { join } from 'node:path';
import { parse as parseToml } from 'smol-toml';
import stripJsonComments from 'strip-json-comments';
import { entriesOf, isObject, type ClientEntry } from './client-entry.js';

/** A file in which a coding client keeps its MCP servers. */
export interface ClientConfiguration {
  readonly client: string;
  readonly path: string;
  /** @throws errors of a parser. Their messages may quote the file */
  readonly read: (text: string) => ClientEntry[];
}

type Env = Readonly<Record<string, string | undefined>>;

/** Returns the files that the known clients read. @param home the folder of the user. @param folder the working folder */
export function clientConfigurations(home: string, folder: string, env: Env): ClientConfiguration[] {
  const config = env['XDG_CONFIG_HOME'] || join(home, '.config');
  const openCode = join(config, 'opencode');
  return [
    { client: 'Claude Code', path: join(home, '.claude.json'), read: readClaude(folder) },
    { client: 'Claude Code', path: join(folder, '.mcp.json'), read: json('mcpServers') },
    { client: 'Codex', path: join(env['CODEX_HOME'] || join(home, '.codex'), 'config.toml'), read: readCodex },
    { client: 'Gemini CLI', path: join(home, '.gemini', 'settings.json'), read: json('mcpServers') },
    { client: 'opencode', path: join(openCode, 'opencode.json'), read: json('mcp') },
    { client: 'opencode', path: join(openCode, 'opencode.jsonc'), read: json('mcp') },
    { client: 'Cursor', path: join(home, '.cursor', 'mcp.json'), read: json('mcpServers') },
    ...codeFolders(home, config).map((path) => ({
      client: 'VS Code',
      path: join(path, 'mcp.json'),
      read: json('servers'),
    })),
  ];
}

/** Of the system that this is, and of Linux. */
const codeFolders = (home: string, config: string): string[] => [
  join(config, 'Code', 'User'),
  ...(process.platform === 'darwin' ? [join(home, 'Library', 'Application Support', 'Code', 'User')] : []),
  ...(process.platform === 'win32' ? [join(home, 'AppData', 'Roaming', 'Code', 'User')] : []),
];

const json =
  (key: string) =>
  (text: string): ClientEntry[] =>
    entriesOf(parseJson(text)[key]);

/** Servers of the user, and those of the working folder alone. */
const readClaude =
  (folder: string) =>
  (text: string): ClientEntry[] => {
    const { mcpServers, projects } = parseJson(text);
    const project = isObject(projects) ? projects[folder] : undefined;
    return [...entriesOf(mcpServers), ...(isObject(project) ? entriesOf(project['mcpServers']) : [])];
  };

const readCodex = (text: string): ClientEntry[] => entriesOf(parseToml(text)['mcp_servers']);

/** Most of the clients allow comments and trailing commas. */
function parseJson(text: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(stripJsonComments(text, { trailingCommas: true }));
  if (!isObject(value)) throw new Error('not an object');
  return value;
}
