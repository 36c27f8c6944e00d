/**
 * Returns a Markdown text with new content in the section of this name. A section is between `<!-- generated: NAME -->`
 * and `<!-- end of NAME -->`; the text outside is written by hand.
 * @throws Error if the text has no such section
 */
export function withGenerated(markdown: string, name: string, content: string): string {
  const begin = `<!-- generated: ${name} -->`;
  const end = `<!-- end of ${name} -->`;
  const from = markdown.indexOf(begin);
  const to = markdown.indexOf(end);
  if (from === -1 || to < from) throw new Error(`the section ${name} is missing`);
  return `${markdown.slice(0, from + begin.length)}\n\n${content.trim()}\n\n${markdown.slice(to)}`;
}
