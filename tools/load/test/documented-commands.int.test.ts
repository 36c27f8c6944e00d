import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArguments as parseBenchArguments } from '@org/bench/arguments';
import { rows } from '@org/bench/rows';
import { describe, expect, it } from 'vitest';
import { parseArguments } from '../src/arguments.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const pages = globSync(['*.md', 'docs/**/*.md', '{apps,packages,tools}/*/README.md'], { cwd: root }).toSorted();

/** The parsers of both tools, which are documented in the same places. */
const parsers: Readonly<Record<string, (args: readonly string[]) => unknown>> = {
  load: parseArguments,
  bench: (args) => parseBenchArguments(args, rows),
};

/** A command ends with its code in a sentence, or before the comment in a block. */
const documented = pages.flatMap((page) =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/npm run (load|bench)(?: --(?= )([^`)#\n]*))?/g)].map(
    ([, script = '', args = '']) => ({ page, script, args: args.trim() }),
  ),
);

describe('what the documentation shows', () => {
  it.each(documented)('is understood: npm run $script -- $args, in $page', ({ script, args }) => {
    expect(parsers[script]?.(args.split(' ').filter(Boolean))).toBeDefined();
  });

  it('is of both tools', () => {
    const shown = documented.map(({ script, args }) => `${script} ${args}`);
    expect(shown).toEqual(expect.arrayContaining(['load mixed --rate 100 --duration 60s --runs 3', 'bench ']));
    expect(shown).toContain('bench --rounds 15 --json out.json');
  });
});
