import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { callToolOn, dataFolder, program, socketPair, startOnSocket, type DataFolder } from './mcp-stdio.js';

let folder: DataFolder;
beforeEach(async () => {
  folder = await dataFolder();
});
afterEach(() => folder.remove());

/** SQLite removes this file when the last process closes the database. */
const isStoreClosed = (): boolean => !existsSync(`${folder.path}/context.db-wal`);

describe('a socket that the client resets', () => {
  it('ends the server like the end of standard input', async () => {
    const { child, client } = await startOnSocket({ DATABASE_URL: folder.database });
    expect(isStoreClosed()).toBe(false);
    client.resetAndDestroy();
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(isStoreClosed()).toBe(true);
  });

  it('ends a waiting call', async () => {
    const { child, client } = await startOnSocket({ DATABASE_URL: folder.database });
    void callToolOn(client, 2, 'listHandoffs', { waitSeconds: 45 }).catch(() => undefined);
    await callToolOn(client, 3, 'listSessions', {});
    client.resetAndDestroy();
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(isStoreClosed()).toBe(true);
  });
});

it('exits when the process that started it is killed, although another process holds its standard input open', async () => {
  const script = `
    require('node:child_process').spawn(process.execPath, [${JSON.stringify(program)}], { stdio: 'inherit' });
    setInterval(() => undefined, 1000);`;
  const { client, server } = await socketPair();
  onTestFinished(() => void client.destroy());
  const parent = spawn(process.execPath, ['--eval', script], {
    env: { PATH: process.env['PATH'], DATABASE_URL: folder.database },
    stdio: [server, 'pipe', 'inherit'],
  });
  server.destroy();
  client.write('{"jsonrpc":"2.0","id":1,"method":"ping"}\n');
  await once(parent.stdout, 'data');
  expect(isStoreClosed()).toBe(false);
  parent.kill('SIGKILL');
  // The server inherited standard output, so `close` comes after the server has exited.
  await once(parent, 'close');
  expect(isStoreClosed()).toBe(true);
});
