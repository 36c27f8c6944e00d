import { handoffStatuses, type HandoffStatus } from '@org/domain';
import { Command, Option } from 'commander';
import type { CommandContext } from '../command-context.js';
import {
  addExample,
  addOutputOptions,
  addTargetOptions,
  wholeNumber,
  type OutputOptions,
  type TargetOptions,
} from '../command-options.js';
import { renderHandoff } from '../output/handoffs.js';
import { readHandoffs } from '../targets/read-pages.js';

interface Options extends TargetOptions, OutputOptions {
  readonly outbox?: true;
  readonly role: readonly string[];
  readonly status?: HandoffStatus;
  readonly project: string;
  readonly limit: number;
  readonly cursor?: string;
}

/** `context-store handoffs`: lists the inbox or the outbox of an agent. */
export const handoffsCommand = ({ onTarget, output }: CommandContext): Command => {
  const command = new Command('handoffs')
    .description('list what --agent may accept, or what it requested, oldest first')
    .addOption(new Option('--inbox', 'what it may accept (default)').conflicts('outbox'))
    .addOption(new Option('--outbox', 'what it requested'))
    .option('--role <role>', 'also what is offered to this role; may be repeated', collect, [])
    .addOption(
      new Option('--status <status>', 'only of this status; default: pending in an inbox, any in an outbox').choices(
        handoffStatuses,
      ),
    )
    .option('--project <project>', 'only this project and handoffs without one; none: only those without one', '*')
    .option('--limit <n>', 'the most handoffs to list', wholeNumber(1, 10_000), 20)
    .option('--cursor <cursor>', 'go on after a list that ended with this cursor')
    .action(async (options: Options) => {
      const { outbox, role: roles, status, project, limit, cursor } = options;
      const direction = outbox === true ? 'outbox' : 'inbox';
      const page = await onTarget(options, (target) =>
        readHandoffs(target, { direction, roles, status, project, limit, cursor }),
      );
      await output.answer(options, page, (screen) => {
        const more = page.nextCursor === undefined ? [] : [`More follow. Read on with --cursor ${page.nextCursor}`];
        const handoffs = page.handoffs.map((handoff) => renderHandoff(screen, handoff));
        return handoffs.length === 0 ? 'No handoffs.' : [...handoffs, ...more].join('\n\n');
      });
    });
  return addExample(
    addOutputOptions(addTargetOptions(command)),
    'context-store handoffs --agent coder --role reviewer',
  );
};

const collect = (role: string, roles: readonly string[]): string[] => [...roles, role];
