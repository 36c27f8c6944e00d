import { Console } from 'node:console';
import { contextStoreOptions, environmentTable } from '@org/context-store/environment';
import { logLine, packageVersion, runCommand } from '@org/context-store/command';
import { serve } from './serve.js';

// Standard output belongs to the protocol: whatever a library prints goes to standard error.
globalThis.console = new Console(process.stderr);

const name = 'mcp-stdio';
const version = packageVersion(import.meta.url);

await runCommand({
  name,
  version,
  summary:
    'The context store as an MCP server over standard input and output. MCP clients start it; each has its own process.',
  environment: environmentTable,
  start: (environment) =>
    serve({
      version,
      options: contextStoreOptions(environment),
      maxContentBytes: environment.MAX_CONTENT_BYTES,
      log: (line) => logLine(name, line),
    }),
});
