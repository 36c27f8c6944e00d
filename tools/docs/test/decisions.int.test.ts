import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const folder = fileURLToPath(new URL('../../../docs/decisions', import.meta.url));
const pages = globSync('*.md', { cwd: folder })
  .filter((page) => page !== 'README.md')
  .toSorted();

describe('the decision pages', () => {
  it.each(pages)('%s has a title and the four sections in order', async (page) => {
    const headings = (await readFile(join(folder, page), 'utf8')).match(/^#+ .+$/gm) ?? [];
    expect(headings).toEqual([
      expect.stringMatching(/^# \w/),
      '## Context',
      '## Decision',
      '## Consequences',
      '## Alternatives rejected',
    ]);
  });

  it('are listed once each in the index, by their titles', async () => {
    const index = await readFile(join(folder, 'README.md'), 'utf8');
    const listed = [...index.matchAll(/^- \[(.+)\]\((.+)\)$/gm)].map(([, title, page]) => `${page}: ${title}`);
    const titles = pages.map(async (page) => {
      const [, title] = /^# (.+)$/m.exec(await readFile(join(folder, page), 'utf8')) ?? [];
      return `${page}: ${title}`;
    });
    expect(listed.toSorted()).toEqual((await Promise.all(titles)).toSorted());
  });
});
