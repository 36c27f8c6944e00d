import { limits, type Briefing, type Entry, type Session } from '@org/domain';
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
import { findCustody, type Custody, type CustodyHistory } from '../custody.js';
import { renderPreviews } from '../output/entries.js';
import { renderFields, renderTitle } from '../output/fields.js';
import type { Screen } from '../output/screen.js';
import { statusStyles } from '../output/status-styles.js';
import { renderTable } from '../output/table.js';
import { oneLine } from '../output/visible.js';
import { readSession } from '../targets/read-session.js';
import type { Target } from '../targets/target.js';

type Options = TargetOptions & OutputOptions & { readonly entries: number };

interface Shown extends CustodyHistory {
  readonly session: Session;
  readonly pinned: readonly Entry[];
  /** Pins that are too many or too long to show. */
  readonly pinnedOmitted: Briefing['pinnedOmitted'];
  /** The newest entries, ascending. */
  readonly entries: readonly Entry[];
}

/** `context-store show`: shows a session. */
export const showCommand = ({ onTarget, output }: CommandContext): Command => {
  const command = new Command('show')
    .description('show a session: its owners so far, its pinned entries and the newest ones')
    .argument('<session>', 'the key of the session')
    .option('--entries <n>', 'how many of the newest entries to show', wholeNumber(1, limits.pageSize), 10)
    .action(async (sessionKey: string, options: Options) => {
      const shown = await onTarget(options, (target) => readAll(target, sessionKey, options.entries));
      await output.answer(options, shown, (screen) => renderSession(screen, shown));
    });
  return addExample(addOutputOptions(addTargetOptions(command)), 'context-store show parser-rewrite');
};

/** Enough for the pins of most sessions. */
const pinnedTokens = 20_000;

async function readAll(target: Target, sessionKey: string, limit: number): Promise<Shown> {
  const session = await readSession(target, sessionKey);
  const { entries } = await target.getContext({ sessionKey, limit });
  const { briefing } = await target.getBriefing({ sessionKey, maxTokens: pinnedTokens });
  const custody = await findCustody(target, session, [...briefing.entries, ...entries]);
  const pinned = briefing.entries.filter((entry) => entry.pinned);
  return { session, ...custody, pinned, pinnedOmitted: briefing.pinnedOmitted, entries };
}

function renderSession(screen: Screen, { session, pinned, pinnedOmitted = [], entries, ...history }: Shown): string {
  const part = (title: string, body: string): string => `${renderTitle(screen, title)}\n${body}`;
  const more = pinnedOmitted.length === 0 ? '' : `\n${pinnedOmitted.length} more pinned entries are not shown.`;
  return [
    renderHeader(screen, session),
    part('Owners', renderCustody(screen, history)),
    ...(pinned.length > 0 ? [part('Pinned', renderPreviews(screen, pinned) + more)] : []),
    part('Newest entries', entries.length > 0 ? renderPreviews(screen, entries) : 'The log is empty.'),
  ].join('\n\n');
}

function renderHeader(screen: Screen, session: Session): string {
  const { sessionKey, status, takeOver, expiresAt } = session;
  const style = statusStyles[status];
  const heading = [
    screen.style('bold', oneLine(sessionKey)),
    style === undefined ? status : screen.style(style, status),
  ];
  const asked =
    takeOver && `${takeOver.requestedBy} asks for it, and may take it ${screen.time(takeOver.acceptableAt)}`;
  return [
    heading.join('  '),
    renderFields(screen, [
      ['title', session.title],
      ['owner', `${session.owner}, epoch ${session.epoch}`],
      ['participants', session.participants.join(', ')],
      ['take-over', asked],
      ['namespace', session.namespace],
      ['project', session.project],
      ['entries', String(session.lastSequence)],
      ['registered', screen.time(session.createdAt)],
      ['last activity', screen.time(session.lastActivityAt)],
      ['expires', expiresAt && screen.time(expiresAt)],
    ]),
  ].join('\n');
}

function renderCustody(screen: Screen, { custody, unknownMoves }: CustodyHistory): string {
  const rows = custody.map((period, index) => ({ ...period, next: custody[index + 1] }));
  const time = ({ since, isAfter }: Custody): string => `${isAfter ? 'after ' : ''}${screen.time(since)}`;
  const table = renderTable(
    screen,
    [
      { title: 'OWNER', cell: ({ owner }) => owner },
      { title: 'FROM', cell: time },
      { title: 'TO', cell: ({ next }) => (next === undefined ? 'now' : time(next)) },
      { title: 'BY', cell: ({ by }) => by },
      { title: 'HANDOFF', isCutFirst: true, cell: ({ handoffId = '' }) => handoffId },
    ],
    rows,
  );
  if (unknownMoves === 0) return table;
  const unknown = `${unknownMoves} more ${unknownMoves === 1 ? 'move is' : 'moves are'} not known here.`;
  return rows.length === 0 ? unknown : `${table}\n${unknown}`;
}
