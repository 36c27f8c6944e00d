import { expect, it } from 'vitest';
import { agentNameOf, reportedNameOf } from './names.js';

it.each([
  ['Claude Code', 'claude-code'],
  ['  --Claude Code (beta)--', 'claude-code-beta'],
  ['a.b_c@d', 'a.b_c@d'],
  ['日本', undefined],
  ['', undefined],
  [undefined, undefined],
])('makes an agent name of %j', (clientName, agentName) => {
  expect(agentNameOf(clientName)).toBe(agentName);
});

it.each([
  // The four clients that were seen.
  ['claude-code', 'claude-code'],
  ['codex-mcp-client', 'codex'],
  ['gemini-cli-mcp-client', 'gemini'],
  ['opencode', 'opencode'],
  // Others, as they report themselves.
  ['amp-mcp-client', 'amp'],
  ['antigravity-client', 'antigravity'],
  ['claude-ai', 'claude-ai'],
  ['Cline', 'cline'],
  ['continue-cli-client', 'continue'],
  ['crush', 'crush'],
  ['cursor-vscode', 'cursor'],
  ['github-copilot-developer', 'copilot'],
  ['goose', 'goose'],
  ['Kilo-Code', 'kilo-code'],
  ['Q-DEV-CLI', 'amazon-q'],
  ['Roo-Code', 'roo-code'],
  ['Visual Studio Code', 'vscode'],
  ['Visual-Studio-Code', 'vscode'],
  ['Visual Studio Code - Insiders', 'vscode-insiders'],
  ['Windsurf', 'windsurf'],
  ['windsurf-client', 'windsurf'],
  ['Zed', 'zed'],
])('names the client that reports %j %s', (clientName, agentName) => {
  expect(agentNameOf(clientName)).toBe(agentName);
  // A name that went through a session id is not shortened twice.
  expect(agentNameOf(reportedNameOf(clientName))).toBe(agentName);
  expect(agentNameOf(agentName)).toBe(agentName);
});

it('names a client behind mcp-remote as without it, whatever the version of the proxy', () => {
  expect(agentNameOf('claude-ai (via mcp-remote 0.1.37)')).toBe('claude-ai');
  expect(agentNameOf('Cursor-VSCode (via mcp-remote 1.0.0-beta.2)')).toBe('cursor');
  expect(agentNameOf('via mcp-remote')).toBe('via-mcp-remote');
});

it('reads 256 characters of a name, and makes at most 128 of them', () => {
  expect(agentNameOf(`a${' '.repeat(254)}b`)).toBe('a-b');
  expect(agentNameOf(`a${' '.repeat(255)}b`)).toBe('a');
  expect(agentNameOf('a'.repeat(1_000_000))).toBe('a'.repeat(128));
});
