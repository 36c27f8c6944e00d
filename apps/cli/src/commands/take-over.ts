import { Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import {
  addExample,
  addJsonOption,
  addOperatorOptions,
  type OutputOptions,
  type TargetOptions,
} from '../command-options.js';

type Options = Omit<TargetOptions, 'agent'> & OutputOptions & { readonly agent: string; readonly reason?: string };

/** `context-store take-over`: gives a session to an agent, without its owner. */
export const takeOverCommand = ({ onDatabase, output }: CommandContext): Command => {
  const command = new Command('take-over')
    .description('make an agent the owner of a session, without its owner; the log says so, and why')
    .argument('<session>', 'the key of the session')
    .requiredOption('--agent <name>', 'the new owner')
    .option('--reason <text>', 'why, for the log')
    .action(async (sessionKey: string, { agent, reason, ...options }: Options) => {
      const { place, namespace, ...taken } = await onDatabase('take-over', options, async (target) => ({
        place: target.place,
        namespace: target.namespace,
        ...(await target.takeOverSession({ sessionKey, agent, reason })),
      }));
      const { owner, epoch, lastSequence } = taken.session;
      const moved = `${owner} owns session ${sessionKey} of namespace ${namespace} at epoch ${epoch}`;
      const told = `${taken.tookOver.from} owned it before. Entry ${lastSequence} of its log says so`;
      await output.done(options, taken, place, `${moved}; ${told}`);
    });
  return addExample(
    addJsonOption(addOperatorOptions(command)),
    "context-store take-over parser-rewrite --agent rescuer --reason 'planner was retired'",
  );
};
