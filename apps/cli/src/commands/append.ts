import { buffer } from 'node:stream/consumers';
import { contextTypes, type ContextType } from '@org/domain';
import { Command, Option } from 'commander';
import type { CommandContext } from '../command-context.js';
import {
  addExample,
  addJsonOption,
  addTargetOptions,
  type OutputOptions,
  type TargetOptions,
} from '../command-options.js';
import { CommandError } from '../failure.js';

type Options = TargetOptions &
  OutputOptions & { readonly type: ContextType; readonly pinned?: true; readonly idempotencyKey?: string };

/** `context-store append`: appends an entry to a session's log. */
export const appendCommand = (context: CommandContext): Command => {
  const { onTarget, output } = context;
  const command = new Command('append')
    .description('append an entry to a session, as --agent')
    .argument('<session>', 'the key of the session')
    .argument('[text]', 'the content; - or none reads the standard input as it is')
    .addOption(new Option('--type <type>', 'what the entry records').choices(contextTypes).default('message'))
    .option('--pinned', 'show it first in every briefing')
    .option('--idempotency-key <key>', 'makes it safe to run the command again: the entry is appended once')
    .action(async (sessionKey: string, text: string | undefined, options: Options) => {
      const { type: contextType, pinned, idempotencyKey } = options;
      const content = text === undefined || text === '-' ? await readInput(context) : text;
      const { place, ...answer } = await onTarget(options, async (target) => ({
        place: target.place,
        ...(await target.updateContext({ sessionKey, contextType, content, pinned, idempotencyKey })),
      }));
      await output.done(options, answer, place, `appended entry ${answer.sequence} to session ${sessionKey}`);
    });
  return addExample(
    addJsonOption(addTargetOptions(command)),
    "context-store append parser-rewrite 'The tests pass' --agent planner",
    'git diff | context-store append parser-rewrite --type file --agent planner',
  );
};

/** @throws CommandError (the input is no text in UTF-8) */
async function readInput({ input, errors }: CommandContext): Promise<string> {
  if (input.isTTY === true) errors.write('Type the entry. Ctrl-D on a line of its own ends it.\n');
  const bytes = await buffer(input);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    const message =
      'The standard input is not UTF-8 text, which an entry must be. Encode it, or append a reference to it.';
    throw new CommandError('usage', message, { cause: error });
  }
}
