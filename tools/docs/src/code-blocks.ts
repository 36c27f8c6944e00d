export interface CodeBlock {
  readonly language: string;
  /** The line of its opening fence, from 1. */
  readonly line: number;
  readonly code: string;
}

/** Returns the fenced code blocks of a Markdown text, in order. The language is empty if a fence names none. */
export function allCodeBlocks(markdown: string): CodeBlock[] {
  return [...markdown.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(({ index, 1: language = '', 2: code = '' }) => ({
    language,
    line: markdown.slice(0, index).split('\n').length,
    code,
  }));
}

/** Returns the code of the blocks in one language. */
export const codeBlocks = (markdown: string, language: string): string[] =>
  allCodeBlocks(markdown)
    .filter((block) => block.language === language)
    .map(({ code }) => code);
