import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { codeBlocks } from '../src/code-blocks.js';
import { runExample } from './run-example.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const readme = await readFile(join(root, 'README.md'), 'utf8');

describe('the README', () => {
  it('shows library code that runs, and does what it says', async () => {
    const [code, ...others] = codeBlocks(readme, 'ts');
    expect(others).toEqual([]);
    const printed = await runExample(code ?? '');
    expect(printed).toContain('implementer owns release-2 at epoch 2');
    expect(printed).toContain('Half done.');
  });

  it('names npm scripts that exist', async () => {
    const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const named = [...readme.matchAll(/npm (?:run )?(start|test|[a-z:]+)/g)].map(([, script = '']) => script);
    expect(named).toContain('start');
    expect(named.filter((script) => !(script in scripts) && !['install'].includes(script))).toEqual([]);
  });

  it('shows client configuration that parses', () => {
    const [configuration = ''] = codeBlocks(readme, 'json');
    expect(JSON.parse(configuration)).toHaveProperty('mcpServers.context-store.command');
  });
});
