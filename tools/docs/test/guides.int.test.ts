import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { codeBlocks } from '../src/code-blocks.js';
import { runExample } from './run-example.js';

it.each(['handoffs', 'library', 'projects'])(
  'the guide %s shows code that runs, and prints what its comments say',
  async (name) => {
    const guide = await readFile(new URL(`../../../docs/guides/${name}.md`, import.meta.url), 'utf8');
    // One program from top to bottom.
    const code = codeBlocks(guide, 'ts').join('\n');
    const promised = [...code.matchAll(/console\.log\(.*\); \/\/ (.+)/g)].map(([, line]) => line);
    expect(promised.length).toBeGreaterThan(5);
    expect((await runExample(code)).trim().split('\n')).toEqual(promised);
  },
  120_000,
);
