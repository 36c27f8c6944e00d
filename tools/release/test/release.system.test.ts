import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { temporaryDatabase } from '@org/store-kysely/testing';
import { workspaceFolder } from '@org/workspace/project-folders';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLocalRegistry, type LocalRegistry } from './local-registry.js';
import { copyBuiltWorkspace } from './release-workspace.js';

const version = '9.8.7';
const run = promisify(execFile);

let folder: string;
let registry: LocalRegistry;
let released: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'release-'));
  registry = await startLocalRegistry(folder);
  const workspace = join(folder, 'workspace');
  await mkdir(workspace);
  await copyBuiltWorkspace(workspace);
  const nx = join(workspaceFolder, 'node_modules/nx/dist/bin/nx.js');
  const outer = Object.entries(process.env).filter(([name]) => !name.startsWith('NX_') && !/^npm_/i.test(name));
  const author = { GIT_AUTHOR_NAME: 'test', GIT_AUTHOR_EMAIL: 'test@localhost' };
  const committer = { GIT_COMMITTER_NAME: 'test', GIT_COMMITTER_EMAIL: 'test@localhost' };
  const env = {
    ...Object.fromEntries(outer),
    ...author,
    ...committer,
    ...registry.env,
    NX_CACHE_DIRECTORY: join(folder, 'nx'),
  };
  const { stdout, stderr } = await run(process.execPath, [nx, 'release', version, '--first-release', '--yes'], {
    cwd: workspace,
    env,
  });
  released = stdout + stderr;
}, 300_000);
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** Makes an empty project, and an empty home whose npm knows the registry. */
async function newcomer(name: string) {
  const project = join(folder, name);
  const home = join(project, 'home');
  await mkdir(home, { recursive: true });
  await writeFile(join(home, '.npmrc'), await readFile(join(registry.env['HOME'] ?? '', '.npmrc'), 'utf8'));
  await writeFile(join(project, 'package.json'), '{ "name": "service", "private": true, "type": "module" }');
  const env = { PATH: process.env['PATH'] ?? '', HOME: home };
  return {
    project,
    env,
    run: (command: string, ...args: string[]) => run(command, args, { cwd: project, env }),
  };
}

describe('a release', { timeout: 180_000 }, () => {
  it('publishes three packages at one version', async () => {
    const { run: runHere } = await newcomer('viewer');
    const versions = await Promise.all(
      ['mcp-stdio', 'cli', 'context-store'].map(async (name) => {
        const { stdout } = await runHere('npm', 'view', `@org/${name}`, 'version');
        return [name, stdout.trim()];
      }),
    );
    expect(Object.fromEntries(versions), released).toEqual({
      'mcp-stdio': version,
      cli: version,
      'context-store': version,
    });
  });

  it('lets npx serve an MCP client from an empty home', async () => {
    const { project, env } = await newcomer('client');
    const client = new Client({ name: 'newcomer', version: '1' });
    await client.connect(
      new StdioClientTransport({ command: 'npx', args: ['-y', '@org/mcp-stdio'], cwd: project, env }),
    );
    const result = await client.callTool({ name: 'registerSession', arguments: { sessionKey: 'first' } });
    expect(result.structuredContent).toMatchObject({ created: true, session: { owner: 'newcomer' } });
    expect(client.getServerVersion()).toMatchObject({ version });
    await client.close();
  });

  it('lets npx show the commands, and serve by one of them', async () => {
    const { run: runHere, project, env } = await newcomer('operator');
    const { stdout } = await runHere('npx', '-y', '@org/cli', '--help');
    expect(stdout).toContain('Usage: context-store COMMAND');
    const client = new Client({ name: 'newcomer', version: '1' });
    await client.connect(
      new StdioClientTransport({ command: 'npx', args: ['-y', '@org/cli', 'mcp'], cwd: project, env }),
    );
    expect((await client.listTools()).tools.length).toBeGreaterThan(5);
    await client.close();
  });

  it('names the package that the MCP registry lists, and the package names the registry', async () => {
    const entry = JSON.parse(await readFile(join(folder, 'workspace/dist/npm/server.json'), 'utf8')) as {
      name: string;
      version: string;
      packages: { identifier: string; version: string }[];
    };
    const { run: runHere } = await newcomer('registry');
    for (const { identifier, version: listed } of entry.packages) {
      const { stdout } = await runHere('npm', 'view', `${identifier}@${listed}`, 'mcpName');
      expect(stdout.trim()).toBe(entry.name);
    }
    expect(entry).toMatchObject({ version, packages: [{ version }] });
  });

  it('makes a bundle for Claude Desktop, which runs where it is unpacked', async () => {
    const { project, run: runHere, env } = await newcomer('desktop');
    const mcpb = (...args: string[]) => runHere('npx', '-y', '@anthropic-ai/mcpb@2.1.2', ...args);
    const made = join(folder, 'workspace/dist/mcpb');
    await mcpb('validate', join(made, 'manifest.json'));
    await mcpb('pack', made, 'context-store.mcpb');
    await mcpb('unpack', 'context-store.mcpb', 'unpacked');
    const manifest = JSON.parse(await readFile(join(project, 'unpacked/manifest.json'), 'utf8')) as {
      version: string;
      user_config: Record<string, { default: string }>;
      server: { mcp_config: { command: string; args: string[]; env: Record<string, string> } };
    };
    expect(manifest.version).toBe(version);
    // As Claude Desktop does for a person who changes no setting.
    const filledIn = (text: string): string =>
      text
        .replaceAll('${__dirname}', join(project, 'unpacked'))
        .replaceAll(/\$\{user_config\.(\w+)\}/g, (_, name: string) => manifest.user_config[name]?.default ?? '');
    const { command, args, env: settings } = manifest.server.mcp_config;
    const filledSettings = Object.entries(settings).map(([name, value]) => [name, filledIn(value)]);
    const client = new Client({ name: 'desktop', version: '1' });
    await client.connect(
      new StdioClientTransport({
        command,
        args: args.map(filledIn),
        env: { ...env, ...Object.fromEntries(filledSettings) },
      }),
    );
    const result = await client.callTool({ name: 'registerSession', arguments: {} });
    expect(result.structuredContent).toMatchObject({ session: { owner: 'claude-desktop' } });
    await client.close();
  });

  it('installs little', async () => {
    const { run: runHere, project } = await newcomer('sizes');
    await runHere('npm', 'install', '--no-audit', '--no-fund', '@org/mcp-stdio');
    const packages = (await readdir(join(project, 'node_modules'))).filter((name) => !name.startsWith('.'));
    expect(packages.length).toBeLessThanOrEqual(4);
    const files = await readdir(join(project, 'node_modules'), { recursive: true, withFileTypes: true });
    const sizes = await Promise.all(
      files.filter((file) => file.isFile()).map(async (file) => (await stat(join(file.parentPath, file.name))).size),
    );
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(35 * 1024 * 1024);
    const { stdout } = await runHere('npm', 'pack', '--json', '--pack-destination', folder, '@org/mcp-stdio');
    const [packed] = JSON.parse(stdout) as { size: number; files: { path: string }[] }[];
    expect(packed?.size).toBeLessThanOrEqual(1024 * 1024);
    const names = packed?.files.map(({ path }) => path) ?? [];
    expect(names).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'THIRD-PARTY-NOTICES.md', 'package.json']));
    expect(names.filter((name) => /\.map$|\.test\.|\.ts$/.test(name))).toEqual([]);
  });
});

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

describe('the library, as npm installs it', { timeout: 180_000 }, () => {
  let service: Awaited<ReturnType<typeof newcomer>>;
  beforeAll(async () => {
    service = await newcomer('service');
    await writeFile(join(service.project, 'service.ts'), program);
    await service.run('npm', 'install', '--no-audit', '--no-fund', '@org/context-store');
  }, 120_000);
  const complaintsOf = (...command: [string, ...string[]]): Promise<string> =>
    service.run(...command).then(
      () => '',
      ({ stdout, stderr }: { stdout: string; stderr: string }) => `failed: ${stdout}${stderr}`,
    );

  it('is one line of a manifest, without anything missing', async () => {
    const { dependencies } = JSON.parse(await readFile(join(service.project, 'package.json'), 'utf8')) as {
      dependencies: object;
    };
    expect(Object.keys(dependencies)).toEqual(['@org/context-store']);
    expect(await complaintsOf('npm', 'ls', '--all')).toBe('');
  });

  it('runs a program on SQLite', async () => {
    const { stdout, stderr } = await run(process.execPath, ['service.ts'], {
      cwd: service.project,
      env: { ...service.env, DATABASE_URL: 'sqlite:service.db' },
    });
    expect({ stdout, stderr }).toEqual({ stdout: '1 The tests come first.\n', stderr: '' });
  });

  it('runs the program of the quickstart', async () => {
    const page = await readFile(join(workspaceFolder, 'docs/quickstart/service-author.md'), 'utf8');
    const [, shown = ''] = /```ts\n([^]*?)```/.exec(page) ?? [];
    await writeFile(join(service.project, 'quickstart.ts'), shown);
    const { stdout } = await service.run(process.execPath, 'quickstart.ts');
    expect(stdout).toContain('implementer owns release-2 at epoch 2');
  });

  it('says what to install for PostgreSQL, and runs there once it is', async () => {
    const { url, drop } = await temporaryDatabase();
    try {
      const start = () =>
        run(process.execPath, ['service.ts'], { cwd: service.project, env: { ...service.env, DATABASE_URL: url } });
      await expect(start()).rejects.toMatchObject({ stderr: expect.stringContaining('npm install pg') as string });
      await service.run('npm', 'install', '--no-audit', '--no-fund', 'pg');
      expect((await start()).stdout).toBe('1 The tests come first.\n');
    } finally {
      await drop();
    }
  });

  it('has declarations that strict compilers take, for Node and for bundlers', async () => {
    await service.run('npm', 'install', '--no-audit', '--no-fund', '--save-dev', 'typescript@5.9.3', '@types/node@24');
    const options = ['--target', 'es2024', '--strict', '--skipLibCheck', 'false', '--noEmit'];
    for (const resolution of [
      ['node16', 'node16'],
      ['nodenext', 'nodenext'],
      ['preserve', 'bundler'],
    ] as const) {
      const [module, moduleResolution] = resolution;
      expect(
        await complaintsOf(
          'npx',
          'tsc',
          '--module',
          module,
          '--moduleResolution',
          moduleResolution,
          ...options,
          'service.ts',
        ),
      ).toBe('');
    }
  });

  it('is as its manifest says, to publint and attw', async () => {
    await service.run('npm', 'pack', '--pack-destination', folder, '@org/context-store');
    const archive = join(folder, `org-context-store-${version}.tgz`);
    expect(await complaintsOf('npx', '-y', 'publint@0.3.25', '--strict', archive)).toBe('');
    expect(await complaintsOf('npx', '-y', '@arethetypeswrong/cli@0.18.5', '--profile', 'esm-only', archive)).toBe('');
  });
});
