import { contextStoreOptions, environmentTable } from '@org/context-store/environment';
import { otelEnvironmentTable, prepareOtelEnvironment } from '@org/context-store/otel-environment';
import { logPrinted, packageVersion, runCommand } from '@org/context-store/command';
import { serverEnvironmentTable } from '@org/context-store/server-environment';
import { createLazyLog } from './lazy-log.js';
import type { ReservedStdout } from './reserve-stdout.js';
import { serve } from './serve.js';

const name = 'mcp-stdio';
const version = packageVersion(import.meta.url);

/** Runs the program `mcp-stdio`. */
export const runMcpStdio = (stopped: Promise<NodeJS.Signals>, stdout: ReservedStdout): Promise<void> =>
  runCommand(
    {
      name,
      version,
      summary:
        'The context store as an MCP server over standard input and output. MCP clients start it; each has its own process.',
      environment: { ...environmentTable, ...serverEnvironmentTable, ...otelEnvironmentTable },
      start: async (environment) => {
        const level = environment.LOG_LEVEL ?? 'warn';
        const log = createLazyLog(
          { service: name, level },
          { audits: environment.AUDIT_LOG, sample: environment.AUDIT_SAMPLE, namespace: environment.CONTEXT_NAMESPACE },
        );
        logPrinted(
          (printedLevel, err, message) => log.write((logger) => logger[printedLevel]({ err }, message)),
          stdout.divert,
        );
        const otel = prepareOtelEnvironment(environment);
        for (const problem of otel.problems) log.write((logger) => logger.warn(problem));
        const isClosed = await serve({
          version,
          options: contextStoreOptions(environment),
          maxContentBytes: environment.MAX_CONTENT_BYTES,
          project: environment.CONTEXT_PROJECT,
          otel,
          log,
          stopped,
          output: stdout.protocol,
          logsCalls: level === 'debug' || environment.AUDIT_LOG !== 'off',
          metricsPrefix: environment.METRICS_PREFIX,
        });
        // Unwritten log lines and unfinished exports would keep the process alive.
        if (!(await log.close()) || !isClosed) process.exit();
      },
    },
    stdout.protocol,
  );
