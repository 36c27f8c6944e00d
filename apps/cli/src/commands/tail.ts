import type { Entry } from '@org/domain';
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
import { renderEntry } from '../output/entries.js';
import { readSession } from '../targets/read-session.js';

type Options = TargetOptions & OutputOptions & { readonly follow?: true; readonly lines: number };

/** `context-store tail`: prints the newest entries of a log whole, and those that follow. */
export const tailCommand = ({ onTarget, output, signal, endsByStop }: CommandContext): Command => {
  const command = new Command('tail')
    .description('print the newest entries of a session, whole')
    .argument('<session>', 'the key of the session')
    .option('-f, --follow', 'wait for further entries; Ctrl-C ends it, and --json prints JSON Lines')
    .option('-n, --lines <n>', 'how many entries to begin with', wholeNumber(0, 1_000_000), 10)
    .action((sessionKey: string, options: Options) =>
      onTarget(options, async (target) => {
        const { lastSequence } = await readSession(target, sessionKey);
        const afterSequence = Math.max(0, lastSequence - options.lines);
        if (options.follow === true) {
          endsByStop();
          for await (const entry of target.entries({ sessionKey, afterSequence, signal, follow: true }))
            await output.record(options, entry, (screen) => `${renderEntry(screen, entry)}\n`);
          return;
        }
        const entries: Entry[] = [];
        for await (const entry of target.entries({ sessionKey, afterSequence, signal })) entries.push(entry);
        await output.answer(options, { sessionKey, entries, lastSequence }, (screen) =>
          entries.map((entry) => renderEntry(screen, entry)).join('\n\n'),
        );
      }),
    );
  return addExample(addOutputOptions(addTargetOptions(command)), 'context-store tail parser-rewrite -f -n 5');
};
