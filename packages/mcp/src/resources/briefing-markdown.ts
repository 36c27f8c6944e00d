import { quotedText, sliceCodePoints, type Briefing, type Entry } from '@org/domain';

/**
 * A briefing as one complete Markdown text, for people who add it to a conversation. Recorded content is quoted, so that a
 * heading in it does not look like a heading of the briefing.
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
  // Twice the content's length is enough to quote every line. Content of invisible characters, shown as escapes, is cut.
  const quote = sliceCodePoints(quotedText(content), 0, 2 * content.length + 2);
  return `${heading}\n\n${quote.text}${truncated === true || quote.cut ? ' …' : ''}`;
}
