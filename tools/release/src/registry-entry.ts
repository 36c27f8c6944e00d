import { releaseSettings } from './release-settings.ts';
import { withScope } from './stage-package.ts';

/** The settings that a person may want to make when they install the server. */
const environmentVariables = [
  {
    name: 'CONTEXT_AGENT',
    description: 'The name under which this client works. Default: the name of the client.',
    isRequired: false,
  },
  {
    name: 'DATABASE_URL',
    description: 'sqlite:PATH or postgres://…. Default: a SQLite file in the data folder of the user.',
    isRequired: false,
    isSecret: true,
  },
];

/**
 * Returns `server.json`, the entry of the MCP registry.
 *
 * @see https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json
 */
export function registryEntry(version: string): object {
  const { mcpName, repository } = releaseSettings;
  return {
    $schema: 'https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json',
    name: mcpName,
    title: 'Context store',
    description: 'Keeps the context of agents as a durable log, and hands it from agent to agent.',
    repository: { url: repository, source: 'github' },
    version,
    packages: [
      {
        registryType: 'npm',
        registryBaseUrl: 'https://registry.npmjs.org',
        identifier: withScope('@org/mcp-stdio'),
        version,
        transport: { type: 'stdio' },
        environmentVariables,
      },
    ],
  };
}
