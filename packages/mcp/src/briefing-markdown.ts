import type { Briefing, Entry } from '@org/domain';

/**
 * A briefing for a person who mentions it in a conversation: one readable text that is complete in itself. Recorded
 * content is fenced, so that a heading inside it does not pass for one of ours.
 */
export function briefingMarkdown({ text, entries, pinnedOmitted = [], nextCursor }: Briefing): string {
  const omitted = pinnedOmitted.map(({ sequence, preview }) => `- ${sequence}: ${preview}`);
  const sections = [text, ...entries.map(entrySection)];
  if (omitted.length > 0) sections.push(`## Pinned, not shown\n\n${omitted.join('\n')}`);
  if (nextCursor !== undefined) sections.push(`nextCursor: ${nextCursor}`);
  return `${sections.join('\n\n')}\n`;
}

function entrySection({ sequence, contextType, agent, createdAt, pinned, content, truncated }: Entry): string {
  const heading = [`## ${sequence}`, contextType, agent, createdAt, ...(pinned ? ['pinned'] : [])].join(' · ');
  const fence = fenceFor(content);
  return `${heading}\n\n${fence}\n${content}${truncated ? ' …' : ''}\n${fence}`;
}

/** Longer than any run of backticks inside. */
function fenceFor(content: string): string {
  const longest = (content.match(/`+/g) ?? []).reduce((length, run) => Math.max(length, run.length), 2);
  return '`'.repeat(longest + 1);
}
