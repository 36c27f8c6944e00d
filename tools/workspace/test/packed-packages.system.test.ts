import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryDatabase } from '@org/store-kysely/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectFolders, workspaceFolder } from '../src/project-folders.js';

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, unknown>>;
}

const manifests = await Promise.all(
  projectFolders.map(async (folder) => {
    const text = await readFile(join(workspaceFolder, folder, 'package.json'), 'utf8');
    return { folder, manifest: JSON.parse(text) as Manifest };
  }),
);
const published = manifests.filter(({ manifest }) => manifest.private !== true);
const libraries = published.filter(({ folder }) => folder.startsWith('packages/')).map(({ manifest }) => manifest);

/** A first program of a service that uses the library. */
const program = `
import { openContextStore, type ContextStore } from '@org/context-store';

const contextStore: ContextStore = await openContextStore({ database: process.env['DATABASE_URL'], agent: 'planner' });
const { session } = await contextStore.registerSession({ title: 'Tidy up' });
const { sessionKey } = session;
await contextStore.updateContext({ sessionKey, contextType: 'message', content: 'The tests come first.' });
const { briefing } = await contextStore.getBriefing({ sessionKey });
console.log(briefing.entries.map(({ sequence, content }) => \`\${sequence} \${content}\`).join());
await contextStore.close();
`;

let project: string;
const run = (command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  promisify(execFile)(command, args, { cwd: project, env: { ...process.env, ...env } });

/** Returns the output of a command that fails. Returns an empty string if it succeeds. */
const complaintsOf = (command: string, args: readonly string[]): Promise<string> =>
  run(command, args).then(
    () => '',
    ({ stdout, stderr }: { stdout: string; stderr: string }) => `failed: ${stdout}${stderr}`,
  );

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'packed-packages-'));
  const archives = join(project, 'archives');
  await mkdir(archives);
  for (const { folder } of published) {
    const from = join(workspaceFolder, folder);
    await run('npx', ['-y', 'pnpm@12.21.0', '--dir', from, 'pack', '--pack-destination', archives]);
  }
  await writeFile(join(project, 'package.json'), '{ "name": "service", "private": true, "type": "module" }');
  await writeFile(join(project, 'service.ts'), program);
  const packed = (await readdir(archives)).map((archive) => join(archives, archive));
  const tools = ['typescript@5.9.3', '@types/node@24', 'publint@0.3.25', '@arethetypeswrong/cli@0.18.5'];
  // Linked, so that a package finds only what it declares.
  await run('npm', ['install', '--install-strategy=linked', '--no-audit', '--no-fund', ...packed, ...tools]);
}, 300_000);
afterAll(() => rm(project, { recursive: true }));

describe('the packages, as npm installs them', { timeout: 120_000 }, () => {
  it('are what a strict compiler takes, declarations and all', async () => {
    const options = ['--module', 'nodenext', '--target', 'es2024', '--strict', '--skipLibCheck', 'false'];
    expect(await complaintsOf('npx', ['tsc', ...options, 'service.ts'])).toBe('');
  });

  it.each([
    ['SQLite', async () => ({ url: 'sqlite:service.db', drop: async () => undefined })],
    ['PostgreSQL', temporaryDatabase],
  ])('open a store on %s in ten lines', async (_engine, database) => {
    const { url, drop } = await database();
    try {
      const { stdout, stderr } = await run(process.execPath, ['service.js'], { DATABASE_URL: url });
      expect({ stdout, stderr }).toEqual({ stdout: '1 The tests come first.\n', stderr: '' });
    } finally {
      await drop();
    }
  });

  it.each(libraries.map(({ name, exports = {} }) => [name, Object.keys(exports)] as const))(
    '%s can be imported, by each of its entries',
    async (name, entries) => {
      // The testing entries need a test runner, which their users install.
      const imports = entries.filter((entry) => !entry.includes('testing')).map((entry) => join(name, entry));
      const source = imports.map((specifier) => `await import('${specifier}');`).join('\n');
      expect(await complaintsOf(process.execPath, ['--input-type=module', '--eval', source])).toBe('');
    },
  );

  it.each(libraries.map(({ name }) => name))('%s is as its manifest says, to publint and attw', async (name) => {
    expect(await complaintsOf('npx', ['publint', '--strict', join('node_modules', name)])).toBe('');
    const archive = `${name.replace('@', '').replace('/', '-')}-0.1.0.tgz`;
    expect(await complaintsOf('npx', ['attw', '--profile', 'esm-only', join('archives', archive)])).toBe('');
  });

  it.each(['mcp-stdio', 'mcp-http', 'context-store'])('bring the command %s', async (command) => {
    const { stdout } = await run('npx', [command, '--version']);
    expect(stdout).toBe('0.1.0\n');
  });
});
