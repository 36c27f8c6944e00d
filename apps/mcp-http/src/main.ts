import { logLine, packageVersion, runCommand } from '@org/context-store/command';
import { httpEnvironmentTable } from './environment.js';
import { serve } from './serve.js';

const name = 'mcp-http';
const version = packageVersion(import.meta.url);

await runCommand({
  name,
  version,
  summary: 'The context store as an MCP server over HTTP, for any number of clients.',
  environment: httpEnvironmentTable,
  start: (environment) => serve({ version, environment, log: (line) => logLine(name, line) }),
});
