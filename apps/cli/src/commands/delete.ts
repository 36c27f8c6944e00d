import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import {
  addExample,
  addJsonOption,
  addOperatorOptions,
  type OutputOptions,
  type TargetOptions,
} from '../command-options.js';
import { CommandError } from '../failure.js';
import { oneLine } from '../output/visible.js';
import type { Target } from '../targets/target.js';

type Options = TargetOptions & OutputOptions & { readonly yes?: true };

/** `context-store delete`: deletes a session with all its data. */
export const deleteCommand = (context: CommandContext): Command => {
  const command = new Command('delete')
    .description('delete a session with its log, its handoffs and all other data; this cannot be undone')
    .argument('<session>', 'the key of the session')
    .option('--yes', 'do not ask')
    .action(async (sessionKey: string, options: Options) => {
      const { place, namespace } = await context.onDatabase('delete', options, async (target) => {
        if (options.yes !== true) await confirm(context, target, sessionKey);
        await target.deleteSession(sessionKey);
        return target;
      });
      const answer = { sessionKey, namespace, deleted: true };
      await context.output.done(options, answer, place, `deleted session ${sessionKey} of namespace ${namespace}`);
    });
  return addExample(addJsonOption(addOperatorOptions(command)), 'context-store delete parser-rewrite --yes');
};

/** @throws CommandError (there is no terminal to ask on, or the answer is not yes), SESSION_NOT_FOUND */
async function confirm({ input, errors, signal }: CommandContext, target: Target, sessionKey: string): Promise<void> {
  if (input.isTTY !== true || errors.isTTY !== true)
    throw new CommandError('refused', 'Nothing was deleted: there is no terminal to ask on. Pass --yes to delete.');
  const { sessions } = await target.listSessions({ sessionKey });
  const entries = sessions[0]?.lastSequence ?? 0;
  const question = `Delete session ${sessionKey} of ${target.place} with its ${entries} entries? It cannot be undone. [y/N] `;
  const dialogue = createInterface({ input, output: errors });
  try {
    // Ctrl-D and Ctrl-C close it without an answer.
    const closed = once(
      dialogue.on('SIGINT', () => dialogue.close()),
      'close',
    ).then(() => '');
    const answer = await Promise.race([dialogue.question(oneLine(question), { signal }), closed]);
    if (/^y(es)?$/i.test(answer.trim())) return;
  } finally {
    dialogue.close();
  }
  throw new CommandError('refused', 'Nothing was deleted.');
}
