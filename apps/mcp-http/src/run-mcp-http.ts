import { logPrinted, packageVersion, runCommand } from '@org/context-store/command';
import { openLog } from '@org/logger-pino';
import { httpEnvironmentTable } from './environment.js';
import { serve } from './serve.js';

const name = 'mcp-http';
const version = packageVersion(import.meta.url);

/** The program `mcp-http`. */
export const runMcpHttp = (stopped: Promise<NodeJS.Signals>): Promise<void> =>
  runCommand({
    name,
    version,
    summary: 'The context store as an MCP server over HTTP, for any number of clients.',
    environment: httpEnvironmentTable,
    start: async (environment) => {
      const { logger, flush, endBy } = await openLog({ service: name, level: environment.LOG_LEVEL ?? 'info' });
      logPrinted((level, err, message) => logger[level]({ err }, message));
      process.on('uncaughtException', (defect) => void endBy(defect));
      const hasEnded = await serve({ version, environment, stopped, log: logger });
      // Output that is not read, or telemetry that is not taken, would keep the process alive.
      if (!(await flush()) || !hasEnded) process.exit();
    },
  });
