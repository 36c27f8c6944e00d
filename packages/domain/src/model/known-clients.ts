/**
 * The agent names of known MCP clients, by the name that each client reports in `clientInfo.name`, lower case and with
 * hyphens. A client that is not listed keeps the name that it reports: `claude-code`, `opencode`, `cline`, `goose`, `zed`.
 *
 * Sessions belong to these names, so an entry never changes, and two clients never share one.
 *
 * Sources: the clients themselves (seen), the source of Visual Studio Code (`productService.nameLong`), and
 * https://github.com/apify/mcp-client-capabilities, which lists what clients send, for the others.
 */
const shortNames: ReadonlyMap<string, string> = new Map([
  ['amp-mcp-client', 'amp'],
  ['antigravity-client', 'antigravity'],
  // Seen: Codex 0.171.0.
  ['codex-mcp-client', 'codex'],
  ['continue-cli-client', 'continue'],
  ['cursor-vscode', 'cursor'],
  // Seen: Gemini CLI 0.61.0.
  ['gemini-cli-mcp-client', 'gemini'],
  // GitHub Copilot CLI.
  ['github-copilot-developer', 'copilot'],
  ['q-dev-cli', 'amazon-q'],
  // Visual Studio Code, and its Insiders edition.
  ['visual-studio-code', 'vscode'],
  ['visual-studio-code---insiders', 'vscode-insiders'],
  ['windsurf-client', 'windsurf'],
]);

/** The proxy `mcp-remote` appends ` (via mcp-remote VERSION)` to the name of the client that it serves. */
const proxySuffix = /-via-mcp-remote(-[\w.-]+)?$/;

/** Returns the agent name of a client. @param reported what the client reports, as `reportedNameOf` returns it */
export function shortNameOf(reported: string): string {
  const name = reported.replace(proxySuffix, '');
  return shortNames.get(name) ?? name;
}
