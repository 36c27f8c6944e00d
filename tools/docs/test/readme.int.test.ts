import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { codeBlocks } from '../src/code-blocks.js';
import { runExample } from './run-example.js';
import { Scene } from './scene.js';

const run = promisify(execFile);

const root = fileURLToPath(new URL('../../..', import.meta.url));
const readme = await readFile(join(root, 'README.md'), 'utf8');

describe('the README', () => {
  it('shows library code that runs, and does what it says', { timeout: 60_000 }, async () => {
    const [code, ...others] = codeBlocks(readme, 'ts');
    expect(others).toEqual([]);
    const printed = await runExample(code ?? '');
    expect(printed).toContain('implementer owns release-2 at epoch 2');
    expect(printed).toContain('Half done.');
  });

  it('says what each project is', () => {
    const [folders = ''] = codeBlocks(readme, 'text');
    const projects = globSync('{apps,packages,tools}/*/package.json', { cwd: root }).map((path) => dirname(path));
    expect(
      folders
        .match(/\w+\/[\w-]+/g)
        ?.filter((word) => /^(?:apps|packages|tools)\//.test(word))
        .toSorted(),
    ).toEqual(projects.toSorted());
  });

  it('shows a call that needs no client', async () => {
    const scene = await Scene.open();
    onTestFinished(scene.close);
    const { url } = await scene.serve({ DATABASE_URL: 'sqlite::memory:' });
    const shown = codeBlocks(readme, 'sh').find((code) => code.startsWith('curl ')) ?? '';
    const { stdout } = await run('sh', ['-c', shown.replace('http://127.0.0.1:3000', url)]);
    expect(stdout).toContain('"owner":"planner"');
  });

  it('shows client configuration that names the server', () => {
    const [configuration = ''] = codeBlocks(readme, 'json');
    expect(JSON.parse(configuration)).toHaveProperty('mcpServers.context-store.command');
  });
});
