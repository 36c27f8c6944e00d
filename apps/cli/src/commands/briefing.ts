import { limits, type GetBriefingInput } from '@org/domain';
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

type Options = TargetOptions & OutputOptions & Pick<GetBriefingInput, 'maxTokens'>;

/** `context-store briefing`: prints what an agent that resumes a session reads first. */
export const briefingCommand = ({ onTarget, output }: CommandContext): Command => {
  const command = new Command('briefing')
    .description('print what an agent that resumes a session reads first')
    .argument('<session>', 'the key of the session')
    .option('--max-tokens <n>', 'its size, in estimated tokens', wholeNumber(limits.minTokens, limits.maxTokens), 4000)
    .action(async (sessionKey: string, options: Options) => {
      const { maxTokens } = options;
      const answer = await onTarget(options, (target) => target.getBriefing({ sessionKey, maxTokens }));
      await output.answer(options, answer, (screen) => renderBriefing(screen, answer.briefing));
    });
  return addExample(addOutputOptions(addTargetOptions(command)), 'context-store briefing parser-rewrite');
};
