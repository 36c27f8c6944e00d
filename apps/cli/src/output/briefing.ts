import type { Briefing } from '@org/domain';
import { renderBlock, renderQuotes } from './block.js';
import { renderEntry } from './entries.js';
import { renderTitle } from './fields.js';
import { cutToWidth } from './fit.js';
import type { Screen } from './screen.js';
import { oneLine } from './visible.js';

/** Returns a briefing for people: its text, then its entries. */
export function renderBriefing(screen: Screen, { text, entries, pinnedOmitted = [], omitted }: Briefing): string {
  const pins = pinnedOmitted.map(({ sequence, preview }) =>
    cutToWidth(`  ${sequence}  ${oneLine(preview)}`, screen.columns ?? Infinity),
  );
  return [
    renderQuotes(screen, text),
    ...entries.map((entry) => renderEntry(screen, entry)),
    ...(pins.length > 0 ? [[renderTitle(screen, 'Pinned, not shown'), ...pins].join('\n')] : []),
    ...(omitted.entries > 0 ? [renderBlock(screen, `${omitted.entries} more entries are in the log.`, '')] : []),
  ].join('\n\n');
}
