import { ServerEnded } from '@org/measure/http-server-process';
import { runCommand } from '@org/measure/run-command';
import { parseArguments, usage } from './arguments.js';
import { runWithArtillery } from './artillery/run-with-artillery.js';
import { measureCapacity } from './measure-capacity.js';
import { runScenario } from './run-scenario.js';

const actions = { run: runScenario, artillery: runWithArtillery, capacity: measureCapacity };

await runCommand(usage, async (signal) => {
  const args = parseArguments(process.argv.slice(2));
  if (args.action === 'help') {
    console.log(usage);
    return 0;
  }
  const progress = (text: string): void => console.error(`${args.scenario}: ${text}`);
  try {
    return (await actions[args.action]({ args, progress, signal })) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof ServerEnded)) throw error;
    console.error(`${error.message}, before there was anything to report. The end of its log:\n${String(error.cause)}`);
    return 1;
  }
});
