import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { httpEnvironmentTable } from '../../src/environment.js';
import {
  connect,
  HttpServerProcess,
  post,
  program,
  temporaryFolder,
  type Env,
  type Finished,
} from '../support/mcp-http.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

const append = (id: number) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: {
    name: 'updateContext',
    arguments: { sessionKey: 'work', agent: 'a', contextType: 'message', content: `entry ${id}` },
  },
});
const register = {
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'registerSession', arguments: { sessionKey: 'work', agent: 'a' } },
};

it('describes every setting with its default', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [program, '--help']);
  const lines = stdout.split('\n');
  for (const [variable, { description, default: preset }] of Object.entries(httpEnvironmentTable)) {
    const explained = preset === '' ? description : `${description} Default: ${preset}.`;
    expect(lines[lines.indexOf(`  ${variable}`) + 1]).toBe(`      ${explained}`);
  }
});

describe('the start', () => {
  it('is logged in one line: the version, the URL, and what it is connected to', async () => {
    const server = await HttpServerProcess.start({ DATABASE_URL: `sqlite:${folder.path}/my data.db` });
    const { stdout } = await server.stop();
    expect(stdout).toBe('');
    expect(server.log[0]).toMatchObject({
      level: 'info',
      service: 'mcp-http',
      msg: 'Ready',
      node: process.version,
      url: server.mcp,
      database: `${folder.path}/my data.db`,
      auth: 'none, loopback alone',
    });
  });

  it('succeeds with AUTH_MODE=none on an address that other machines can reach', async () => {
    const server = await HttpServerProcess.start({
      DATABASE_URL: 'sqlite::memory:',
      HOST: '0.0.0.0',
      AUTH_MODE: 'none',
    });
    expect((await fetch(`http://127.0.0.1:${new URL(server.url).port}/health`)).status).toBe(200);
    await server.stop();
  });
});

describe('a problem at the start is one readable line, and exit code 1', () => {
  it('a port that is taken', async () => {
    const first = await HttpServerProcess.start({ DATABASE_URL: 'sqlite::memory:' });
    const { port } = new URL(first.url);
    await expectOneLine({ DATABASE_URL: 'sqlite::memory:', PORT: port }, new RegExp(`Port ${port} .*taken.*PORT`));
    await first.stop();
  });

  it('an address that other machines can reach, without AUTH_MODE', async () => {
    await expectOneLine({ HOST: '0.0.0.0' }, /HOST .*AUTH_MODE=none/);
  });

  it('an address of another machine', async () => {
    await expectOneLine(
      { HOST: '192.0.2.1', AUTH_MODE: 'none', DATABASE_URL: 'sqlite::memory:' },
      /192\.0\.2\.1 is no address/,
    );
  });

  it('a file that is no database', async () => {
    const path = join(folder.path, 'context.db');
    await writeFile(path, 'only text'.repeat(1000));
    await expectOneLine({ DATABASE_URL: `sqlite:${path}` }, /context\.db is not a SQLite database/);
  });

  it('several wrong variables: one line each', async () => {
    const wrong = {
      PORT: '99999',
      METRICS_PORT: 'x',
      ALLOWED_HOSTS: 'a b',
      ALLOWED_ORIGINS: 'https://',
      AUTH_MODE: 'oidc',
    };
    const { code, stderr } = await startAndFail(wrong);
    expect(code).toBe(1);
    const named = stderr
      .trim()
      .split('\n')
      .map((line) => line.split(' ')[1]);
    expect(named).toEqual(['PORT', 'METRICS_PORT', 'ALLOWED_HOSTS', 'ALLOWED_ORIGINS', 'AUTH_MODE']);
  });

  const startAndFail = async (env: Env): Promise<Finished> =>
    (await HttpServerProcess.start({ XDG_DATA_HOME: folder.path, ...env })).finished;

  async function expectOneLine(env: Env, says: RegExp): Promise<void> {
    const { code, stdout, stderr } = await startAndFail(env);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^mcp-http: [^\n]+\n$/);
    expect(stderr).toMatch(says);
  }
});

describe('the end', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'comes soon on %s, with exit code 0, and keeps what was acknowledged',
    async (signal) => {
      const env = { XDG_DATA_HOME: folder.path };
      const server = await HttpServerProcess.start(env);
      await post(server.mcp, register);
      const answers = Array.from({ length: 50 }, (_, index) =>
        post(server.mcp, append(index)).then((response) => response.text()),
      );
      const first = await Promise.race(answers);
      expect(first).toContain('"sequence"');
      const stopped = server.stop(signal);
      const acknowledged = (await Promise.allSettled(answers)).filter(
        (answer) => answer.status === 'fulfilled' && answer.value.includes('"sequence"'),
      );
      expect(await stopped).toMatchObject({ code: 0, stderr: '' });
      expect(server.log.slice(1)).toMatchObject([
        { signal, msg: expect.stringMatching(/^Stopping/) },
        { msg: 'Stopped' },
      ]);

      const again = await HttpServerProcess.start(env);
      const client = await connect('v2 client, legacy', 'reader', again.mcp);
      const page = await client.callTool({ name: 'getContext', arguments: { sessionKey: 'work' } });
      const { lastSequence } = page['structuredContent'] as { lastSequence: number };
      expect(lastSequence).toBeGreaterThanOrEqual(acknowledged.length);
      await client.close();
      await again.stop();
    },
  );
});
