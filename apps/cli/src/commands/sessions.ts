import { sessionStatuses, type ListSessionsInput, type Session } from '@org/domain';
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
import type { Screen } from '../output/screen.js';
import { statusStyles } from '../output/status-styles.js';
import { renderTable, type Column } from '../output/table.js';
import { readSessions } from '../targets/read-pages.js';

type Options = TargetOptions &
  OutputOptions &
  Pick<ListSessionsInput, 'status' | 'owner' | 'project' | 'cursor'> & { readonly limit: number };

/** `context-store sessions`: lists sessions, newest first. */
export const sessionsCommand = ({ onTarget, output }: CommandContext): Command => {
  const command = new Command('sessions')
    .description('list sessions, newest first')
    .addOption(new Option('--status <status>', 'only sessions of this status').choices(sessionStatuses))
    .option('--owner <agent>', 'only sessions of this owner')
    .option('--project <project>', 'only this project and sessions without one; none: only those without one', '*')
    .option('--limit <n>', 'the most sessions to list', wholeNumber(1, 10_000), 20)
    .option('--cursor <cursor>', 'go on after a list that ended with this cursor')
    .action(async (options: Options) => {
      const page = await onTarget(options, (target) => readSessions(target, options));
      await output.answer(options, page, (screen) => renderSessions(screen, page));
    });
  return addExample(addOutputOptions(addTargetOptions(command)), 'context-store sessions --status active --limit 50');
};

function renderSessions(
  screen: Screen,
  { sessions, nextCursor }: { readonly sessions: readonly Session[]; readonly nextCursor?: string | undefined },
): string {
  if (sessions.length === 0) return 'No sessions.';
  const columns: Column<Session>[] = [
    { title: 'SESSION', cell: ({ sessionKey }) => sessionKey, style: () => 'bold' },
    { title: 'STATUS', cell: ({ status }) => status, style: ({ status }) => statusStyles[status] },
    { title: 'OWNER', cell: ({ owner }) => owner },
    { title: 'ENTRIES', cell: ({ lastSequence }) => String(lastSequence) },
    { title: 'LAST ACTIVITY', cell: ({ lastActivityAt }) => screen.time(lastActivityAt) },
    { title: 'PROJECT', isCutFirst: true, cell: ({ project = '' }) => project },
    { title: 'TITLE', isCutFirst: true, cell: ({ title = '' }) => title },
  ];
  const table = renderTable(screen, columns, sessions);
  return nextCursor === undefined ? table : `${table}\n\nMore follow. Read on with --cursor ${nextCursor}`;
}
