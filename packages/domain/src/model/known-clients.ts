/** A client of MCP whose own name is too long to be written by people and models. */
export interface KnownClient {
  readonly program: string;
  /** What it reports as `clientInfo.name`, in the form of an agent's name: see `reportedNameOf`. */
  readonly reports: string;
  /** The agent's name. */
  readonly agent: string;
}

/**
 * Clients that get a short name. All others keep the name that they report: `claude-code`, `opencode`, `cline`, `goose`.
 * Sessions belong to these names, so an entry never changes, and two programs never share one.
 *
 * Sources: Codex 0.171.0 and Gemini CLI 0.61.0 were seen; Visual Studio Code reports its `productService.nameLong`; the others
 * are listed in https://github.com/apify/mcp-client-capabilities, which collects what clients report.
 */
export const knownClients: readonly KnownClient[] = [
  { program: 'Amazon Q Developer CLI', reports: 'q-dev-cli', agent: 'amazon-q' },
  { program: 'Amp', reports: 'amp-mcp-client', agent: 'amp' },
  { program: 'Codex', reports: 'codex-mcp-client', agent: 'codex' },
  { program: 'Continue CLI', reports: 'continue-cli-client', agent: 'continue' },
  { program: 'Cursor', reports: 'cursor-vscode', agent: 'cursor' },
  { program: 'Gemini CLI', reports: 'gemini-cli-mcp-client', agent: 'gemini' },
  { program: 'GitHub Copilot CLI', reports: 'github-copilot-developer', agent: 'copilot' },
  { program: 'Google Antigravity', reports: 'antigravity-client', agent: 'antigravity' },
  { program: 'Visual Studio Code', reports: 'visual-studio-code', agent: 'vscode' },
  { program: 'Visual Studio Code Insiders', reports: 'visual-studio-code---insiders', agent: 'vscode-insiders' },
  { program: 'Windsurf', reports: 'windsurf-client', agent: 'windsurf' },
];

const shortNames: ReadonlyMap<string, string> = new Map(knownClients.map(({ reports, agent }) => [reports, agent]));

/** The proxy `mcp-remote` appends ` (via mcp-remote VERSION)` to the name of the client that it serves. */
const proxySuffix = /-via-mcp-remote(-[\w.-]+)?$/;

/** Returns the agent name of a client. @param reported what the client reports, as `reportedNameOf` returns it */
export function shortNameOf(reported: string): string {
  const name = reported.replace(proxySuffix, '');
  return shortNames.get(name) ?? name;
}
