import { contextStoreOptions, environmentTable } from '@org/context-store/environment';
import { asksForTraces, otelEnvironmentTable, passOnOtelEnvironment } from '@org/context-store/otel-environment';
import { logPrinted, packageVersion, runCommand } from '@org/context-store/command';
import { createLateLog } from './late-log.js';
import { serve } from './serve.js';

const name = 'mcp-stdio';
const version = packageVersion(import.meta.url);

await runCommand({
  name,
  version,
  summary:
    'The context store as an MCP server over standard input and output. MCP clients start it; each has its own process.',
  environment: { ...environmentTable, ...otelEnvironmentTable },
  start: async (environment) => {
    const level = environment.LOG_LEVEL ?? 'warn';
    const log = createLateLog({ service: name, level });
    logPrinted((printedLevel, err, message) => log.write((logger) => logger[printedLevel]({ err }, message)));
    for (const problem of passOnOtelEnvironment(environment)) log.write((logger) => logger.warn(problem));
    const isOver = await serve({
      version,
      options: contextStoreOptions(environment),
      maxContentBytes: environment.MAX_CONTENT_BYTES,
      isTraced: asksForTraces(environment),
      log,
      logsCalls: level === 'debug',
    });
    // What nobody reads, or takes, would keep the process alive.
    if (!(await log.close()) || !isOver) process.exit();
  },
});
