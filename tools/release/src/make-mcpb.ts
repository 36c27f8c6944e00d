import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { releaseSettings } from './release-settings.ts';
import { workspaceFolder } from './workspace-folder.ts';

/** Where the bundle is made. */
const mcpbFolder: string = join(workspaceFolder, 'dist/mcpb');

/**
 * Makes a folder that `mcpb pack` packs to a bundle for Claude Desktop: mcp-stdio with all that it needs to run.
 *
 * @param staged the folder of the package for npm
 * @returns the folder
 */
export function makeMcpb(staged: string, version: string): string {
  const server = join(mcpbFolder, 'server');
  rmSync(mcpbFolder, { recursive: true, force: true });
  mkdirSync(mcpbFolder, { recursive: true });
  cpSync(staged, server, { recursive: true });
  execFileSync('npm', ['install', '--omit=dev', '--no-audit', '--no-fund', '--no-package-lock'], { cwd: server });
  writeFileSync(join(mcpbFolder, 'manifest.json'), `${JSON.stringify(mcpbManifest(version), undefined, 2)}\n`);
  return mcpbFolder;
}

/** @see https://github.com/anthropics/mcpb/blob/main/MANIFEST.md */
function mcpbManifest(version: string): object {
  const { author, repository } = releaseSettings;
  const entryPoint = 'server/dist/main.js';
  return {
    manifest_version: '0.3',
    name: 'context-store',
    display_name: 'Context store',
    version,
    description: 'Keeps the context of agents as a durable log, and hands it from agent to agent.',
    author: { name: author },
    repository: { type: 'git', url: repository },
    license: 'MIT',
    keywords: ['context', 'handoff', 'ai-agents'],
    server: {
      type: 'node',
      entry_point: entryPoint,
      mcp_config: {
        command: 'node',
        // Claude Desktop fills in the names in braces.
        args: [`\${__dirname}/${entryPoint}`],
        env: { CONTEXT_AGENT: '${user_config.agent}', DATABASE_URL: '${user_config.database}' },
      },
    },
    tools_generated: true,
    prompts_generated: true,
    user_config: {
      agent: {
        type: 'string',
        title: 'Agent',
        description: 'The name under which Claude Desktop works. Other agents hand their work to this name.',
        default: 'claude-desktop',
        required: false,
      },
      database: {
        type: 'string',
        title: 'Database',
        description: 'sqlite:PATH or postgres://… Empty: the file that all local clients share.',
        default: '',
        required: false,
        sensitive: true,
      },
    },
    compatibility: { platforms: ['darwin', 'linux', 'win32'], runtimes: { node: '>=22.19' } },
  };
}
