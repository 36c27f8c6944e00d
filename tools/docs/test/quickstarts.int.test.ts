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
const read = (page: string): Promise<string> => readFile(join(root, page), 'utf8');
const [readme, twoAgents, platformTeam, serviceAuthor] = (await Promise.all(
  ['README.md', ...['two-agents', 'platform-team', 'service-author'].map((name) => `docs/quickstart/${name}.md`)].map(
    read,
  ),
)) as [string, string, string, string];

describe('the README', () => {
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
});

describe('the quickstarts', () => {
  it('show library code that runs, and does what the page says', { timeout: 60_000 }, async () => {
    const [code, ...others] = codeBlocks(serviceAuthor, 'ts');
    expect(others).toEqual([]);
    const printed = await runExample(code ?? '');
    expect(printed).toContain('implementer owns release-2 at epoch 2');
    expect(printed).toContain('Half done.');
  });

  it('show a call that needs no client', async () => {
    const scene = await Scene.open();
    onTestFinished(scene.close);
    const { url } = await scene.serve({ DATABASE_URL: 'sqlite::memory:' });
    const shown = codeBlocks(platformTeam, 'sh').find((code) => code.startsWith('curl ')) ?? '';
    const { stdout } = await run('sh', ['-c', shown.replace('http://127.0.0.1:3000', url)]);
    expect(stdout).toContain('"owner":"planner"');
  });

  it('show client configuration that names the server', () => {
    const [configuration = ''] = codeBlocks(twoAgents, 'json');
    expect(JSON.parse(configuration)).toHaveProperty('mcpServers.context-store.command');
  });
});
