import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createApiKey } from '@org/api-keys';
import { openContextStore } from '@org/context-store';
import { HttpServerProcess } from '@org/mcp-http/testing';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { runContextStore } from './context-store-command.js';
import { linesOf, runDoctor, type DoctorRun } from './doctor.js';

let home: string;
let file: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'doctor-'));
  file = join(home, 'data', 'context.db');
  mkdirSync(dirname(file));
});
afterEach(() => rmSync(home, { recursive: true }));

const doctor = (env: Readonly<Record<string, string>> = {}, ...args: readonly string[]): Promise<DoctorRun> =>
  runDoctor({ home, env: { DATABASE_URL: `sqlite:${file}`, ...env }, args });

const migrate = async (): Promise<void> => {
  const store = await openContextStore({ database: `sqlite:${file}` });
  await store.close();
};

/** Changes the file as SQL does, and leaves no log behind. */
function change(sql: string): void {
  const database = new Sqlite(file);
  database.exec(sql);
  database.close();
}

const write = (path: string, text: string): void => {
  mkdirSync(dirname(join(home, path)), { recursive: true });
  writeFileSync(join(home, path), text);
};

describe('context-store doctor', () => {
  it('finds nothing wrong with a sound file, and changes nothing', async () => {
    await migrate();
    const before = [readdirSync(dirname(file)), readFileSync(file), statSync(file).mtimeMs];
    const run = await doctor({}, '--deep');
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.findings.map(({ check, state }) => `${check} ${state}`)).toEqual([
      'Node.js ok',
      'database ok',
      'schema ok',
      'integrity ok',
      'rights ok',
      'permissions ok',
      'free space ok',
      'file system ok',
    ]);
    expect([readdirSync(dirname(file)), readFileSync(file), statSync(file).mtimeMs]).toEqual(before);
  });

  it('looks into a file that a server uses, and sees what is only in its log', async () => {
    const store = await openContextStore({ database: `sqlite:${file}` });
    onTestFinished(() => store.close());
    expect(linesOf(await doctor({}, '--deep'), 'schema')).toEqual([expect.stringMatching(/^ok: version \d+/)]);
    expect(readdirSync(dirname(file))).toEqual(['context.db', 'context.db-shm', 'context.db-wal']);
  });

  it('prints a line for each finding, says how many problems there are, and ends with 1', async () => {
    const env = { DATABASE_URL: 'postgres://127.0.0.1:1/none', HOME: home, API_KEYS_FILE: join(home, 'none') };
    const { code, stdout, stderr } = await runContextStore(['doctor'], env);
    expect(code).toBe(1);
    expect(stderr).toBe('context-store: doctor found 2 problems.\n');
    expect(stdout).toMatch(
      /^ok {7}Node\.js {6}\d+\.\d+\.\d+\nproblem {2}database {5}PostgreSQL at 127\.0\.0\.1:1\/none /,
    );
  });

  it('names each setting that is wrong', async () => {
    const run = await doctor({ DATABASE_URL: 'mysql:x', CACHE_REDIS: 'maybe' });
    expect(run.code).toBe(1);
    expect(linesOf(run, 'settings')).toEqual([
      expect.stringMatching(/^problem: DATABASE_URL is not valid: not a database of ours/),
      'problem: CACHE_REDIS is not valid: true or false',
    ]);
  });
});

describe('context-store doctor, on the file of a database,', () => {
  it('warns if there is none yet, and makes none', async () => {
    const run = await doctor();
    expect(run.code).toBe(0);
    expect(linesOf(run, 'database')).toEqual([
      expect.stringMatching(/^warning: .* does not exist yet\. The first start/),
    ]);
    expect(readdirSync(dirname(file))).toEqual([]);
  });

  it('names what a removed file left behind', async () => {
    writeFileSync(`${file}-wal`, 'left');
    const run = await doctor();
    expect(run.code).toBe(1);
    expect(linesOf(run, 'leftovers')).toEqual([
      expect.stringMatching(/is missing, and .*-wal of it is still there\. Put/),
    ]);
  });

  it('does not read in the log of a process that crashed', async () => {
    await migrate();
    writeFileSync(`${file}-wal`, 'left');
    expect(linesOf(await doctor(), 'database')).toEqual([
      expect.stringMatching(/^problem: .*-wal is left of a process/),
    ]);
    expect(readdirSync(dirname(file))).toEqual(['context.db', 'context.db-wal']);
  });

  it('tells an older schema from a newer one', async () => {
    await migrate();
    change('delete from schema_migrations where version = (select max(version) from schema_migrations)');
    const older = await doctor();
    expect([older.code, linesOf(older, 'schema')]).toEqual([
      0,
      [expect.stringMatching(/^warning: version \d+ is older .*Run context-store migrate/)],
    ]);
    change("insert into schema_migrations (version, name, applied_at) values (99, 'later', 0)");
    const newer = await doctor();
    expect([newer.code, linesOf(newer, 'schema')]).toEqual([
      1,
      [expect.stringMatching(/^problem: version 99 is newer .*Upgrade context-store/)],
    ]);
  });

  it('tells a file of another program, one that is no database, and a folder', async () => {
    change('create table notes (text)');
    expect(linesOf(await doctor(), 'database')).toEqual([
      expect.stringMatching(/^problem: .* belongs to another program/),
    ]);
    writeFileSync(file, 'This is a text, and long enough to be taken for the beginning of a file.'.repeat(20));
    expect(linesOf(await doctor(), 'database')).toEqual([
      expect.stringMatching(/^problem: .* is not a SQLite database/),
    ]);
    rmSync(file);
    mkdirSync(file);
    expect(linesOf(await doctor(), 'database')).toEqual([expect.stringMatching(/^problem: .* is not a file/)]);
  });

  it('finds damage with --deep', async () => {
    await migrate();
    truncateSync(file, statSync(file).size - 8192);
    const run = await doctor({}, '--deep');
    expect(run.code).toBe(1);
    expect(run.findings.filter(({ state }) => state === 'problem')).toEqual([
      expect.objectContaining({ message: expect.stringMatching(/damaged/) as string }),
    ]);
  });

  it('warns if other users can open it, and says how to change that', async () => {
    await migrate();
    chmodSync(file, 0o644);
    expect(linesOf(await doctor(), 'permissions')).toEqual([
      `warning: other users of this machine can open ${file}, unless a folder above keeps them out. Take that from them: chmod o= ${file}`,
    ]);
  });

  it('says that the user may not write the file, or beside it', async () => {
    await migrate();
    chmodSync(home, 0o755);
    chmodSync(dirname(file), 0o777);
    chmodSync(file, 0o444);
    const run = () => runDoctor({ home, env: { DATABASE_URL: `sqlite:${file}` }, unprivileged: true });
    expect(linesOf(await run(), 'rights')).toEqual([
      expect.stringMatching(/^problem: .* is read-only for this user\. Make/),
    ]);
    chmodSync(file, 0o666);
    chmodSync(dirname(file), 0o555);
    expect(linesOf(await run(), 'rights')).toEqual([
      expect.stringMatching(/^problem: .* makes files beside the database/),
    ]);
    chmodSync(dirname(file), 0o755);
  });
});

describe('context-store doctor, on the file of API keys,', () => {
  it('names keys that have expired or expire soon, other readers, and a lock that is left', async () => {
    const keys = join(home, 'keys.jsonl');
    const key = { namespace: 'acme', scopes: ['admin'] };
    await createApiKey(keys, { id: 'old', ...key, expiresAt: new Date(Date.now() + 60_000) });
    await createApiKey(keys, { id: 'soon', ...key, expiresAt: new Date(Date.now() + 86_400_000) });
    const [old = '', soon = ''] = readFileSync(keys, 'utf8').split('\n');
    writeFileSync(keys, `${old.replace(/"expiresAt":"[^"]*"/, '"expiresAt":"2026-01-01T00:00:00Z"')}\n${soon}\n`);
    chmodSync(keys, 0o644);
    writeFileSync(`${keys}.lock`, '');
    const run = await doctor({ API_KEYS_FILE: keys });
    expect(linesOf(run, 'API keys')).toEqual([
      `ok: 1 valid keys in ${keys}`,
      expect.stringMatching(/^warning: expired: old\./),
      expect.stringMatching(/^warning: expire within two weeks: soon\./),
      `problem: other users of this machine can open ${keys}. Take that from them: chmod 600 ${keys}`,
      expect.stringMatching(/^warning: .*\.lock keeps keys from being changed/),
    ]);
    writeFileSync(keys, '# by hand\n');
    expect(linesOf(await doctor({ API_KEYS_FILE: keys }), 'API keys')).toEqual([
      expect.stringMatching(/^problem: .* cannot be used \(line 1: not a JSON object/),
    ]);
  });
});

describe('context-store doctor, on a server,', () => {
  it('says whether it accepts the key, and for which namespace; the local file is not looked at', async () => {
    const keys = join(home, 'keys.jsonl');
    const { key } = await createApiKey(keys, { id: 'ops', namespace: 'acme', agent: 'ops', scopes: ['admin'] });
    const server = await HttpServerProcess.start({ DATABASE_URL: `sqlite:${file}`, API_KEYS_FILE: keys });
    onTestFinished(async () => void (await server.stop()));
    const at = (apiKey: string) => runDoctor({ home, env: { CONTEXT_SERVER: server.url, CONTEXT_API_KEY: apiKey } });
    expect(linesOf(await at(key), 'server')).toEqual([
      `ok: ${server.mcp} accepts the key, and shows a namespace without sessions`,
    ]);
    const store = await openContextStore({ database: `sqlite:${file}`, namespace: 'acme', agent: 'ops' });
    await store.registerSession({ sessionKey: 'work' });
    await store.close();
    const run = await at(key);
    expect(linesOf(run, 'server')).toEqual([`ok: ${server.mcp} accepts the key, and shows namespace acme`]);
    expect(linesOf(run, 'clock')).toEqual(['ok: agrees with that of the server']);
    expect(linesOf(run, 'database')).toEqual([]);
    const refused = await at(`csk_ops.${'A'.repeat(43)}`);
    expect([refused.code, linesOf(refused, 'server')]).toEqual([
      1,
      [expect.stringMatching(/^problem: .* refuses the key.*CONTEXT_API_KEY/)],
    ]);
  });

  it('says that none answers', async () => {
    const run = await runDoctor({ home, env: { CONTEXT_SERVER: 'http://127.0.0.1:9/mcp' } });
    expect(linesOf(run, 'server')).toEqual([expect.stringMatching(/^problem: .* cannot be reached/)]);
  });
});

describe('context-store doctor, on the clients of this machine,', () => {
  const program = process.execPath;

  it('reads the configuration of each, and shows which agent it is', async () => {
    const env = { CONTEXT_AGENT: 'x', DATABASE_URL: `sqlite:${file}` };
    const server = { command: program, args: ['mcp-stdio.js'], env };
    const servers = { 'context-store': server };
    const commented = (value: object): string => `// by hand\n${JSON.stringify(value).replace(/\}$/, ',}')}`;
    write('.claude.json', JSON.stringify({ mcpServers: servers, projects: { [home]: { mcpServers: {} } } }));
    write('.mcp.json', JSON.stringify({ mcpServers: servers }));
    write(
      '.codex/config.toml',
      `[mcp_servers.context-store]\ncommand = "${program}"\nenv = { CONTEXT_AGENT = "x", DATABASE_URL = "sqlite:${file}" }\n`,
    );
    write('.gemini/settings.json', commented({ mcpServers: servers }));
    write(
      '.config/opencode/opencode.json',
      commented({ mcp: { 'context-store': { type: 'local', command: [program, 'x.js'], environment: env } } }),
    );
    write('.cursor/mcp.json', JSON.stringify({ mcpServers: { other: { command: 'other' } } }));
    write('.config/Code/User/mcp.json', commented({ servers }));
    const run = await doctor();
    for (const client of ['Codex', 'Gemini CLI', 'opencode', 'VS Code'])
      expect(linesOf(run, client)).toEqual([expect.stringMatching(`^ok: context-store in .* starts ${program} as x$`)]);
    expect(linesOf(run, 'Claude Code')).toHaveLength(2);
    expect(linesOf(run, 'Cursor')).toEqual([`ok: ${join(home, '.cursor/mcp.json')} names no context-store`]);
  });

  it('says that a command does not exist, that a database is another, or that a file cannot be read', async () => {
    write('.claude.json', JSON.stringify({ mcpServers: { 'context-store': { command: 'no-such-program' } } }));
    write('.codex/config.toml', `[mcp_servers.context-store]\ncommand = "${program}"\n`);
    write('.gemini/settings.json', '{ "apiKey": "hunter2"');
    const entry = { command: program, env: { DATABASE_URL: 'mysql:x' } };
    write('.cursor/mcp.json', JSON.stringify({ mcpServers: { 'context-store': entry } }));
    const run = await doctor();
    expect(run.code).toBe(1);
    expect(linesOf(run, 'Claude Code')).toEqual([
      expect.stringMatching(/^problem: .* starts no-such-program, which does not exist\. Install it/),
    ]);
    expect(linesOf(run, 'Codex')).toEqual([
      expect.stringMatching(/^ok: .* under the name of the client$/),
      expect.stringMatching(
        /^warning: .* uses .*\.local\/share\/context-store\/context\.db, and this command .*\. Give both/,
      ),
    ]);
    expect(linesOf(run, 'Gemini CLI')).toEqual([
      expect.stringMatching(/^problem: .* cannot be read \(its form is wrong\)/),
    ]);
    expect(JSON.stringify(run.findings)).not.toContain('hunter2');
    expect(linesOf(run, 'Cursor')[1]).toMatch(/^problem: .*not a database of ours/);
  });

  it('shows servers that clients reach by URL, without what the query holds', async () => {
    const url = 'https://context.example.com/mcp?agent=x&key=hunter2';
    write('.cursor/mcp.json', JSON.stringify({ mcpServers: { 'context-store': { url } } }));
    const run = await runDoctor({ home, env: { CONTEXT_SERVER: 'http://127.0.0.1:9' } });
    expect(linesOf(run, 'Cursor')).toEqual([
      expect.stringMatching(/reaches https:\/\/context\.example\.com\/mcp as x$/),
      expect.stringMatching(/^warning: .* means another server than CONTEXT_SERVER/),
    ]);
    expect(JSON.stringify(run.findings)).not.toContain('hunter2');
  });
});
