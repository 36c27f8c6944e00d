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
import type { Output } from '../output/output.js';
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
        const { follow = false, json = false } = options;
        const entries = target.entries({ sessionKey, afterSequence, signal, follow });
        if (follow) endsByStop();
        if (follow || !json) return printEach(output, options, entries);
        const all = await collect(entries);
        return output.answer(options, { sessionKey, entries: all, lastSequence }, () => '');
      }),
    );
  return addExample(addOutputOptions(addTargetOptions(command)), 'context-store tail parser-rewrite -f -n 5');
};

/** Prints each entry as it comes: a log may be longer than what fits into memory. */
async function printEach(output: Output, options: OutputOptions, entries: AsyncIterable<Entry>): Promise<void> {
  let gap = '';
  for await (const entry of entries) {
    await output.record(options, entry, (screen) => `${gap}${renderEntry(screen, entry)}`);
    gap = '\n';
  }
}

async function collect(entries: AsyncIterable<Entry>): Promise<Entry[]> {
  const all: Entry[] = [];
  for await (const entry of entries) all.push(entry);
  return all;
}
