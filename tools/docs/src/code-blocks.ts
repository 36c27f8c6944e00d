export interface CodeBlock {
  readonly language: string;
  /** Where it begins, from 1. */
  readonly line: number;
  readonly code: string;
}

/** The fenced code blocks of a Markdown text, in order. The language of one that names none is empty. */
export function allCodeBlocks(markdown: string): CodeBlock[] {
  return [...markdown.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(({ index, 1: language = '', 2: code = '' }) => ({
    language,
    line: markdown.slice(0, index).split('\n').length,
    code,
  }));
}

/** The code of those in one language. */
export const codeBlocks = (markdown: string, language: string): string[] =>
  allCodeBlocks(markdown)
    .filter((block) => block.language === language)
    .map(({ code }) => code);
