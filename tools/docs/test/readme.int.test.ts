import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { codeBlocks } from '../src/code-blocks.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../..', import.meta.url));
const project = fileURLToPath(new URL('..', import.meta.url));
const readme = await readFile(join(root, 'README.md'), 'utf8');

describe('the README', () => {
  it('shows library code that runs, and does what it says', async () => {
    const [code, ...others] = codeBlocks(readme, 'ts');
    expect(others).toEqual([]);
    const folder = await mkdtemp(join(project, '.readme-'));
    try {
      const file = join(folder, 'example.ts');
      await writeFile(file, code ?? '');
      const { stdout } = await run(process.execPath, [file]);
      expect(stdout).toContain('implementer owns release-2 at epoch 2');
      expect(stdout).toContain('Half done.');
      await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), ...typeCheck, file], {
        cwd: project,
      });
    } finally {
      await rm(folder, { recursive: true });
    }
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

const typeCheck = '--noEmit --strict --module nodenext --target es2024 --types node --ignoreConfig'.split(' ');
