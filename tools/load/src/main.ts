import { stopSignal } from '@org/bench/stop-signal';
import { parseArguments, usage, UsageError, type LoadArguments } from './arguments.js';
import { runKnee } from './knee.js';
import { runMemory } from './memory.js';
import { createProgress } from './progress.js';
import { runScenario } from './run-scenario.js';
import { ScenarioError } from './scenario.js';
import { ServerEnded } from './server-ended.js';
import { UnusableServer } from './unusable-server.js';

/** Ctrl-C, or being told to stop: the run ends, and reports so far. */
const stop = stopSignal();

try {
  const allHolds = await main(parseArguments(process.argv.slice(2)));
  process.exitCode = stop.aborted ? 130 : allHolds ? 0 : 1;
} catch (error) {
  if (stop.aborted) {
    console.error('Stopped before there was anything to report.');
    process.exitCode = 130;
  } else if (error instanceof UsageError) {
    console.error(`${error.message}\n\n${usage}`);
    process.exitCode = 2;
  } else if (error instanceof ServerEnded) {
    console.error(
      [`${error.message}, before there was anything to report. The end of its log:`, ...error.lastLog].join('\n'),
    );
    process.exitCode = 1;
  } else if (error instanceof ScenarioError || error instanceof UnusableServer) {
    console.error(error.message);
    process.exitCode = 2;
  } else {
    throw error;
  }
}

async function main(args: LoadArguments): Promise<boolean> {
  const context = { args, progress: createProgress(), signal: stop };
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
