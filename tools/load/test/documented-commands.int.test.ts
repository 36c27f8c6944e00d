import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArguments as parseBenchArguments } from '@org/bench/arguments';
import { expect, it } from 'vitest';
import { parseArguments } from '../src/arguments.js';

const root = join(import.meta.dirname, '../../..');
const pages = globSync(['*.md', 'docs/**/*.md', '{apps,packages,tools}/*/README.md'], { cwd: root }).toSorted();

/** A command ends with its code in a sentence, or before the comment in a block. */
const documented = pages.flatMap((page) =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/npm run (load|bench)(?: --(?= )([^`)#\n]*))?/g)].map(
    ([, script = '', args = '']) => ({ page, script, args: args.trim() }),
  ),
);

it.each(documented)('is understood: npm run $script -- $args, in $page', ({ script, args }) => {
  const parse = script === 'load' ? parseArguments : parseBenchArguments;
  expect(parse(args.split(' ').filter(Boolean))).toBeDefined();
});

it('finds commands of both tools', () => {
  const shown = documented.map(({ script, args }) => `${script} ${args}`);
  expect(shown).toContain('load mixed --rate 100 --duration 60s --runs 3');
  expect(shown).toContain('bench --rounds 15 --json out.json');
});
