import { handoffOutcomes, type HandoffOutcome } from '@org/domain';
import { Command, Option } from 'commander';
import type { CommandContext } from '../command-context.js';
import {
  addExample,
  addJsonOption,
  addTargetOptions,
  type OutputOptions,
  type TargetOptions,
} from '../command-options.js';

type Options = TargetOptions & OutputOptions & { readonly outcome: HandoffOutcome; readonly reason?: string };

/** `context-store resolve`: ends a handoff. */
export const resolveCommand = ({ onTarget, output }: CommandContext): Command => {
  const command = new Command('resolve')
    .description(
      'end a handoff as --agent: its acceptor completes or returns it, its target rejects it, its requester cancels it',
    )
    .argument('<handoff>', 'the id of the handoff')
    .addOption(new Option('--outcome <outcome>', 'how it ends').choices(handoffOutcomes).makeOptionMandatory())
    .option('--reason <text>', 'why it ends like this')
    .action(async (handoffId: string, options: Options) => {
      const { outcome, reason } = options;
      const { place, ...answer } = await onTarget(options, async (target) => ({
        place: target.place,
        ...(await target.resolveHandoff({ handoffId, outcome, reason })),
      }));
      const { status, sessionKey } = answer.handoff;
      await output.done(options, answer, place, `handoff ${handoffId} of session ${sessionKey} is ${status}`);
    });
  return addExample(
    addJsonOption(addTargetOptions(command)),
    "context-store resolve 1f0c6a52-8a7e-4c55-9f3e-0d2f6f1f7c11 --outcome completed --reason 'merged'",
  );
};
