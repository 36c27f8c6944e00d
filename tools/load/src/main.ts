import { parseArguments, usage, UsageError, type LoadArguments } from './arguments.js';
import { runKnee } from './knee.js';
import { runMemory } from './memory.js';
import { createProgress } from './progress.js';
import { runScenario } from './run-scenario.js';
import { ScenarioError } from './scenario.js';
import { UnusableServer } from './unusable-server.js';

/** Ctrl-C, or being told to stop: the run ends, and reports so far. The second time, the process does. */
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort(new Error(signal));
  });
}

try {
  const allHolds = await main(parseArguments(process.argv.slice(2)));
  process.exitCode = stop.signal.aborted ? 130 : allHolds ? 0 : 1;
} catch (error) {
  if (stop.signal.aborted) {
    console.error('Stopped before there was anything to report.');
    process.exitCode = 130;
  } else if (error instanceof UsageError) {
    console.error(`${error.message}\n\n${usage}`);
    process.exitCode = 2;
  } else if (error instanceof ScenarioError || error instanceof UnusableServer) {
    console.error(error.message);
    process.exitCode = 2;
  } else {
    throw error;
  }
}

async function main(args: LoadArguments): Promise<boolean> {
  const context = { args, progress: createProgress(), signal: stop.signal };
  switch (args.action) {
    case 'help':
      console.log(usage);
      return true;
    case 'run':
      return runScenario(context);
    case 'knee':
      return runKnee(context);
    case 'memory':
      return runMemory(context);
  }
}
