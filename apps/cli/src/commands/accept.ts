import { limits } from '@org/domain';
import { Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import {
  addExample,
  addOutputOptions,
  addTargetOptions,
  wholeNumber,
  type OutputOptions,
  type TargetOptions,
} from '../command-options.js';
import { renderBriefing } from '../output/briefing.js';
import { oneLine } from '../output/visible.js';

interface Options extends TargetOptions, OutputOptions {
  readonly lease?: number;
  readonly maxTokens: number;
}

/** `context-store accept`: accepts a handoff, and prints its briefing. */
export const acceptCommand = ({ onTarget, output }: CommandContext): Command => {
  const command = new Command('accept')
    .description('accept a handoff as --agent, and print its briefing')
    .argument('<handoff>', 'the id of the handoff')
    .option(
      '--lease <seconds>',
      'give the session back if --agent does not write at least this often',
      wholeNumber(1, limits.leaseSeconds),
    )
    .option(
      '--max-tokens <n>',
      'the size of the answer, in estimated tokens',
      wholeNumber(limits.minAcceptanceTokens, limits.maxTokens),
      4000,
    )
    .action(async (handoffId: string, options: Options) => {
      const { lease: leaseSeconds, maxTokens } = options;
      const { place, ...answer } = await onTarget(options, async (target) => ({
        place: target.place,
        ...(await target.acceptHandoff({ handoffId, leaseSeconds, maxTokens })),
      }));
      const { acceptedBy = '' } = answer.handoff;
      const { sessionKey, epoch, owner } = answer.session;
      await output.answer(options, answer, (screen) => {
        const accepted = `context-store: ${place}: ${acceptedBy} accepted handoff ${handoffId}; ${owner} owns session ${sessionKey} at epoch ${epoch}`;
        return `${oneLine(accepted)}\n\n${renderBriefing(screen, answer.briefing)}`;
      });
    });
  return addExample(
    addOutputOptions(addTargetOptions(command)),
    'context-store accept 1f0c6a52-8a7e-4c55-9f3e-0d2f6f1f7c11 --agent coder',
  );
};
