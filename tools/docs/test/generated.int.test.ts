import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { generatedDocs } from '../src/generated-docs.js';
import { withGenerated } from '../src/generated-section.js';

const sections = Object.entries(generatedDocs).flatMap(([file, contents]) =>
  Object.entries(contents).map(([name, content]) => [name, file, content] as const),
);

describe('generated documentation', () => {
  it.each(sections)('is up to date: %s in docs/%s (npm run docs)', async (name, file, content) => {
    const markdown = await readFile(new URL(`../../../docs/${file}`, import.meta.url), 'utf8');
    expect(withGenerated(markdown, name, content)).toBe(markdown);
  });

  it('lies between marks that must be there', () => {
    const markdown = 'by hand\n<!-- generated: a -->\nold\n<!-- end of a -->\nby hand\n';
    expect(withGenerated(markdown, 'a', 'new\n')).toBe(
      'by hand\n<!-- generated: a -->\n\nnew\n\n<!-- end of a -->\nby hand\n',
    );
    expect(() => withGenerated(markdown, 'b', '')).toThrow('the section b is missing');
  });
});
