import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { rename } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  dataFolder,
  preloading,
  program,
  RawServer,
  run,
  type DataFolder,
  type Env,
  type Finished,
} from './mcp-stdio.js';

let folder: DataFolder;
beforeEach(async () => {
  folder = await dataFolder();
});
afterEach(() => folder.remove());

interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

const linesOf = (stderr: string): readonly LogLine[] =>
  stderr
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as LogLine);

function breakDatabase(): void {
  const other = new Database(folder.database.slice('sqlite:'.length));
  other.exec('drop table context_history');
  other.close();
}

/** Makes a call that succeeds, one that fails, and one that fails on a broken database. */
async function logOf(env: Env): Promise<readonly LogLine[]> {
  const server = new RawServer({ DATABASE_URL: folder.database, CONTEXT_AGENT: 'a', ...env });
  server.callTool(1, 'registerSession', { sessionKey: 'work' });
  await server.next();
  server.callTool(2, 'getContext', { sessionKey: 'none' });
  await server.next();
  breakDatabase();
  server.callTool(3, 'updateContext', { sessionKey: 'work', contextType: 'message', content: 'secret' });
  await server.next();
  server.write('{"secret\n');
  await server.next();
  server.child.stdin.end();
  const { code, stderr } = await server.finished;
  expect(code).toBe(0);
  expect(stderr).not.toContain('secret');
  return linesOf(stderr);
}

describe('LOG_LEVEL', () => {
  it('is warn by default: one line for a fault, and one for a message that could not be read', async () => {
    expect(await logOf({})).toMatchObject([
      {
        level: 'error',
        service: 'mcp-stdio',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
        pid: expect.any(Number) as number,
        requestId: expect.any(String) as string,
        code: 'INTERNAL_ERROR',
        tool: 'updateContext',
        err: { code: 'SQLITE_ERROR' },
      },
      { level: 'warn', msg: 'A message could not be served' },
    ]);
  });

  it.each([
    ['error', ['error']],
    ['fatal', []],
    ['silent', []],
    ['info', ['error', 'warn']],
    ['debug', ['debug', 'debug', 'error', 'debug', 'warn']],
  ])('%s', async (LOG_LEVEL, levels) => {
    expect((await logOf({ LOG_LEVEL })).map(({ level }) => level)).toEqual(levels);
  });

  it('logs every call at debug', async () => {
    const calls = (await logOf({ LOG_LEVEL: 'debug' })).filter(({ msg }) => msg === 'Call');
    expect(calls).toMatchObject([
      { tool: 'registerSession', outcome: 'ok', durationMs: expect.any(Number) as number },
      { tool: 'getContext', outcome: 'SESSION_NOT_FOUND', requestId: expect.any(String) as string },
      { tool: 'updateContext', outcome: 'INTERNAL_ERROR' },
    ]);
  });

  it('that is unknown prevents the start', async () => {
    const { code, stderr } = await run({ LOG_LEVEL: 'loud' });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^mcp-stdio: LOG_LEVEL is not valid: one of fatal, error, .*\n$/);
  });
});

it('has an audit trail of writes at any LOG_LEVEL, and no content', async () => {
  const lines = await logOf({ LOG_LEVEL: 'silent', AUDIT_LOG: 'writes' });
  const written = { audit: true, service: 'mcp-stdio', credential: 'none', namespace: 'default', agent: 'a' };
  expect(lines).toMatchObject([
    { ...written, tool: 'registerSession', sessionKey: 'work', outcome: 'ok' },
    { ...written, tool: 'updateContext', sessionKey: 'work', outcome: 'INTERNAL_ERROR' },
  ]);
});

it('logs each of a few faults, and the number of the others in a flood', async () => {
  const server = new RawServer({ DATABASE_URL: folder.database, CONTEXT_AGENT: 'a' });
  server.callTool(0, 'registerSession', { sessionKey: 'work' });
  await server.next();
  breakDatabase();
  const times = 500;
  for (let id = 1; id <= times; id += 1) {
    server.callTool(id, 'updateContext', { sessionKey: 'work', contextType: 'message', content: 'x' });
  }
  server.child.stdin.end();
  const { stderr } = await server.finished;
  const faults = linesOf(stderr);
  const leftOut = faults.reduce((sum, line) => sum + Number(line['leftOut'] ?? 0), 0);
  expect(faults.filter(({ requestId }) => requestId !== undefined).length + leftOut).toBe(times);
  expect(leftOut).toBeGreaterThan(0);
});

it('logs an uncaught exception without its other properties, and exits', async () => {
  const defect = `process.on('SIGUSR2', () => { throw Object.assign(new TypeError('boom'), { detail: 'secret' }) })`;
  const server = new RawServer({ DATABASE_URL: folder.database, ...preloading(defect) });
  server.send({ id: 1, method: 'ping' });
  await server.next();
  server.child.kill('SIGUSR2');
  const { code, stderr } = await server.finished;
  expect(code).toBe(1);
  expect(JSON.parse(stderr)).toMatchObject({ level: 'fatal', err: { type: 'TypeError', message: 'boom' } });
  expect(stderr).not.toContain('secret');
});

it('logs that the database file was removed while it was open, and that it is back', async () => {
  const path = folder.database.slice('sqlite:'.length);
  const server = new RawServer({ DATABASE_URL: folder.database, CONTEXT_AGENT: 'a' });
  server.callTool(1, 'registerSession', { sessionKey: 'work' });
  await server.next();
  await rename(path, `${path}.away`);
  server.callTool(2, 'updateContext', { sessionKey: 'work', contextType: 'message', content: 'lost' });
  expect(await server.next()).toMatchObject({
    result: {
      isError: true,
      structuredContent: {
        code: 'STORE_UNAVAILABLE',
        message: expect.stringMatching(/was removed or moved/) as string,
      },
    },
  });
  await rename(`${path}.away`, path);
  server.callTool(3, 'updateContext', { sessionKey: 'work', contextType: 'message', content: 'kept' });
  expect(await server.next()).toMatchObject({ result: { structuredContent: { sequence: 1 } } });
  server.child.stdin.end();
  const { stderr } = await server.finished;
  expect(linesOf(stderr).map(({ msg }) => msg)).toEqual([
    expect.stringMatching(/was removed or moved while it was open. Calls fail/),
    expect.stringMatching(/was removed or moved while it was open. .*Nothing was written/),
    expect.stringMatching(/was opened again/),
  ]);
});

/** Runs a server with a script that prints on SIGUSR2, and sends the signal between two requests. */
async function printBetweenPings(script: string): Promise<Finished> {
  const server = new RawServer({ DATABASE_URL: folder.database, LOG_LEVEL: 'debug', ...preloading(script) });
  server.send({ id: 1, method: 'ping' });
  await server.next();
  server.child.kill('SIGUSR2');
  await once(server.child.stderr, 'data');
  server.send({ id: 2, method: 'ping' });
  expect(await server.next()).toMatchObject({ id: 2 });
  server.child.stdin.end();
  const finished = await server.finished;
  expect(finished.code).toBe(0);
  return finished;
}

it('logs that a library printed something, without the text, and warnings of Node.js', async () => {
  const { stderr } = await printBetweenPings(`process.on('SIGUSR2', () => {
    console.log('secret');
    console.error('secret', Object.assign(new TypeError('boom'), { detail: 'secret' }));
    process.emitWarning('deprecated');
  })`);
  expect(linesOf(stderr)).toMatchObject([
    { level: 'debug', err: { type: 'Error', stack: expect.stringContaining('at ') as string } },
    { level: 'warn', err: { type: 'TypeError', message: 'boom' } },
    { level: 'warn', err: { message: 'deprecated' }, msg: 'Node.js warns' },
  ]);
  expect(stderr).not.toContain('secret');
});

it('keeps standard output for the protocol, however libraries print there', async () => {
  const { stdout, stderr } = await printBetweenPings(`
    const write = process.stdout.write.bind(process.stdout);
    process.on('SIGUSR2', () => {
      process.stdout.write('secret\\n');
      process.stdout.write(Buffer.from('secret'));
      write('secret');
      console.dir({ secret: 1 });
    })`);
  const messages = stdout.trim().split('\n');
  expect(messages.map((line) => JSON.parse(line) as object)).toMatchObject([{ id: 1 }, { id: 2 }]);
  expect(linesOf(stderr).map(({ msg }) => msg)).toEqual(Array(4).fill('A library printed something'));
  expect(stderr).not.toContain('secret');
});

describe('a client that does not read standard error', () => {
  let child: ChildProcessWithoutNullStreams;
  beforeEach(() => {
    const env = { PATH: process.env['PATH'], DATABASE_URL: 'sqlite::memory:', CONTEXT_AGENT: 'a', LOG_LEVEL: 'debug' };
    child = spawn(process.execPath, [program], { env });
  });

  it('is served although the pipe is full', async () => {
    await callOften(3000);
    expect(await ended()).toBe(0);
  });

  it('is served after it closed the pipe', async () => {
    child.stderr.destroy();
    await callOften(100);
    expect(await ended()).toBe(0);
  });

  /** Each call writes a line of 200 bytes to the log. */
  async function callOften(times: number): Promise<void> {
    const params = { name: 'getContext', arguments: { sessionKey: 'none' } };
    for (let id = 1; id <= times; id += 1) {
      child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params })}\n`);
    }
    const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    for (let id = 1; id <= times; id += 1) expect(await answers.next()).toMatchObject({ done: false });
  }

  async function ended(): Promise<number | null> {
    child.stdin.end();
    const [code] = (await once(child, 'exit')) as [number | null];
    child.stderr.destroy();
    return code;
  }
});
