import { limits, requestTypes, type RequestHandoffInput } from '@org/domain';
import { Command, Option } from 'commander';
import type { CommandContext } from '../command-context.js';
import {
  addExample,
  addJsonOption,
  addTargetOptions,
  wholeNumber,
  type OutputOptions,
  type TargetOptions,
} from '../command-options.js';
import { nameCommands } from '../name-commands.js';

interface Options extends TargetOptions, OutputOptions, Pick<RequestHandoffInput, 'summary' | 'instructions'> {
  readonly type: RequestHandoffInput['requestType'];
  readonly to?: string;
  readonly expiresIn?: number;
}

/** `context-store request`: offers a session to another agent, or asks its owner for it. */
export const requestCommand = ({ onTarget, output }: CommandContext): Command => {
  const command = new Command('request')
    .description('offer a session to another agent, or ask its owner for it, as --agent')
    .argument('<session>', 'the key of the session')
    .addOption(new Option('--type <type>', 'what acceptance does').choices(requestTypes).makeOptionMandatory())
    .option('--to <target>', 'an agent, or role:NAME (default: any agent; a take_over always asks the owner)')
    .option('--summary <text>', 'goal, state, decisions and open questions')
    .option('--instructions <text>', 'what to do next')
    .option('--expires-in <seconds>', 'how long the offer stays pending', wholeNumber(1, limits.ttlSeconds))
    .action(async (sessionKey: string, options: Options) => {
      const { type: requestType, to: targetAgent, summary, instructions, expiresIn: expiresInSeconds } = options;
      const { place, ...answer } = await onTarget(options, async (target) => ({
        place: target.place,
        ...(await target.requestHandoff({
          sessionKey,
          requestType,
          targetAgent,
          summary,
          instructions,
          expiresInSeconds,
        })),
      }));
      const { handoffId, targetAgent: target = 'any agent' } = answer.handoff;
      const hint = answer.hint === undefined ? '' : `. ${nameCommands(answer.hint)}`;
      const requested = `requested ${requestType} ${handoffId} of session ${sessionKey}, for ${target} to decide`;
      await output.done(options, answer, place, requested + hint);
    });
  return addExample(
    addJsonOption(addTargetOptions(command)),
    "context-store request parser-rewrite --type full_handoff --to role:reviewer --summary 'Ready for review'",
  );
};
