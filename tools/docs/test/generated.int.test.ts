import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { generatedDocs } from '../src/generated-docs.js';
import { withGenerated } from '../src/generated-section.js';

const sections = Object.entries(generatedDocs).flatMap(([file, contents]) =>
  Object.entries(contents).map(([name, content]) => [name, file, content] as const),
);

describe('generated documentation', () => {
  it.each(sections)('is up to date: %s in docs/%s (npm run docs)', async (name, file, content) => {
    const path = new URL(`../../../docs/${file}`, import.meta.url);
    if (process.env['UPDATE_DOCS'] === '1') {
      await writeFile(path, withGenerated(await readFile(path, 'utf8'), name, content));
    }
    const markdown = await readFile(path, 'utf8');
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
