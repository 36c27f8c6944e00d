import { quotedText, sliceCodePoints, type Briefing, type Entry } from '@org/domain';

/**
 * A briefing for a person who mentions it in a conversation: one readable text that is complete in itself. Recorded
 * content is quoted, so that a heading inside it does not pass for one of ours.
 */
export function briefingMarkdown({ text, entries, pinnedOmitted = [], nextCursor }: Briefing): string {
  const omitted = pinnedOmitted.map(({ sequence, preview }) => `- ${sequence}: ${JSON.stringify(preview)}`);
  const sections = [text, ...entries.map(entrySection)];
  if (omitted.length > 0) sections.push(`## Pinned, not shown\n\n${omitted.join('\n')}`);
  if (nextCursor !== undefined) sections.push(`nextCursor: ${nextCursor}`);
  return `${sections.join('\n\n')}\n`;
}

function entrySection({ sequence, contextType, agent, createdAt, pinned, content, truncated }: Entry): string {
  const heading = [`## ${sequence}`, contextType, agent, createdAt, ...(pinned ? ['pinned'] : [])].join(' · ');
  // Twice the content is enough to quote every line, but not to spell out a content of unseen characters.
  const quote = sliceCodePoints(quotedText(content), 0, 2 * content.length + 2);
  return `${heading}\n\n${quote.text}${truncated === true || quote.cut ? ' …' : ''}`;
}
