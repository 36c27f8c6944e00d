import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { toolTypes } from '../src/tool-types.js';

describe('the generated types', () => {
  it.each(Object.entries(toolTypes))(
    'are up to date: packages/domain/src/%s (npm run docs)',
    async (file, generate) => {
      const path = new URL(`../../../packages/domain/src/${file}`, import.meta.url);
      const text = generate();
      if (process.env['UPDATE_DOCS'] === '1') await writeFile(path, text);
      expect(await readFile(path, 'utf8')).toBe(text);
    },
  );
});
