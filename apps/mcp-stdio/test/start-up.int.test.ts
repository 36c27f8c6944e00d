import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dataFolder, preloading, program, RawServer, run, type DataFolder } from './mcp-stdio.js';

let folder: DataFolder;
beforeEach(async () => {
  folder = await dataFolder();
});
afterEach(() => folder.remove());

describe('the command line', () => {
  it('has --help', async () => {
    const { code, stdout, stderr } = await run({}, ['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/DATABASE_URL[^]*CONTEXT_AGENT[^]*HANDOFF_TTL_SECONDS/);
  });

  it('has --version', async () => {
    const manifest = JSON.parse(await readFile(join(import.meta.dirname, '..', 'package.json'), 'utf8')) as {
      version: string;
    };
    expect(await run({}, ['--version'])).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: '' });
  });

  it.each([[['--verbose']], [['surplus']]])('refuses %s', async (args) => {
    const { code, stdout, stderr } = await run({}, args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^mcp-stdio: .* See mcp-stdio --help\.\n$/);
  });
});

describe('the data', () => {
  it("is in the user's data folder by default", async () => {
    const server = new RawServer({ XDG_DATA_HOME: folder.path, CONTEXT_AGENT: 'a' });
    server.callTool(1, 'registerSession', { sessionKey: 'work' });
    await server.next();
    server.child.stdin.end();
    await server.finished;
    const header = await readFile(join(folder.path, 'context-store', 'context.db'));
    expect(header.subarray(0, 15).toString()).toBe('SQLite format 3');
  });
});

describe('a start-up problem is one readable line, and a non-zero exit code', () => {
  it('a data folder that cannot be created', async () => {
    const file = join(folder.path, 'file');
    await writeFile(file, '');
    await expectOneLine({ XDG_DATA_HOME: join(file, 'below') }, /data folder .*below/);
  });

  it.each(['', 'home', '/nonexistent'])(
    'HOME=%s, which is not a folder, and nothing is written anywhere',
    async (HOME) => {
      const child = spawn(process.execPath, [program], { cwd: folder.path, env: { HOME } });
      child.stdin.end();
      const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]);
      expect(code).toBe(1);
      expect(stderr).toMatch(/^mcp-stdio: [^\n]*home folder[^\n]*DATABASE_URL[^\n]*\n$/);
      expect(await readdir(folder.path)).toEqual([]);
    },
  );

  it('a data folder in a place where the system allows none', async () => {
    await expectOneLine({ XDG_DATA_HOME: '/proc' }, /data folder \/proc.* cannot be made.*DATABASE_URL/);
  });

  it('a database that cannot be created', async () => {
    const file = join(folder.path, 'file');
    await writeFile(file, '');
    await expectOneLine({ DATABASE_URL: `sqlite:${join(file, 'context.db')}` }, /context\.db/);
  });

  it('a file that is not a database', async () => {
    const path = join(folder.path, 'context.db');
    await writeFile(path, 'This is plain text, and not a database.'.repeat(100));
    await expectOneLine({ DATABASE_URL: `sqlite:${path}` }, /context\.db/);
  });

  it('a database of a newer release', async () => {
    const path = join(folder.path, 'context.db');
    await run({ DATABASE_URL: `sqlite:${path}` });
    const database = new Database(path);
    database.exec("insert into schema_migrations (version, name, applied_at) values (1000, 'from-the-future', 0)");
    database.close();
    await expectOneLine({ DATABASE_URL: `sqlite:${path}` }, /newer release.*Upgrade/);
  });

  it('a Node.js that is too old', async () => {
    const asNode20 =
      "Object.defineProperty(process.versions, 'node', { value: '20.20.2' }); delete Promise.withResolvers;";
    await expectOneLine({ ...preloading(asNode20), DATABASE_URL: folder.database }, /needs Node\.js 22\.19.*20\.20\.2/);
  });

  it('several invalid variables: one line each', async () => {
    const { code, stderr } = await run({
      MAX_CONTENT_BYTES: '1 MB',
      CONTEXT_AGENT: 'a b',
      DATABASE_URL: 'postgres://u:secret@h:port/db',
    });
    expect(code).toBe(1);
    expect(
      stderr
        .trim()
        .split('\n')
        .map((line) => line.split(' ').slice(0, 2).join(' ')),
    ).toEqual(['mcp-stdio: DATABASE_URL', 'mcp-stdio: CONTEXT_AGENT', 'mcp-stdio: MAX_CONTENT_BYTES']);
    expect(stderr).not.toContain('secret');
  });

  async function expectOneLine(env: Record<string, string>, says: RegExp): Promise<void> {
    const { code, stdout, stderr } = await run(env);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^mcp-stdio: [^\n]+\n$/);
    expect(stderr).toMatch(says);
    expect(stderr).not.toMatch(/ at |Error:/);
  }
});
