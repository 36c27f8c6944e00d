import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { callToolOn, program } from '@org/mcp-stdio/testing';
import { unusedPort } from '@org/store-kysely/testing';
import { expect, it, onTestFinished } from 'vitest';

it('mcp-stdio behind socat ends when its client resets the connection', async () => {
  const port = await unusedPort();
  // The server takes the place of socat, and has its socket as standard input and standard output.
  const address = [`TCP-LISTEN:${port},bind=127.0.0.1`, `EXEC:${process.execPath} ${program},nofork`];
  const socat = spawn('socat', ['-d', '-d', ...address], {
    env: { PATH: process.env['PATH'], DATABASE_URL: 'sqlite::memory:', CONTEXT_AGENT: 'a' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  onTestFinished(() => void socat.kill('SIGKILL'));
  let said = '';
  socat.stderr.on('data', (chunk) => (said += String(chunk)));
  await expect.poll(() => said).toContain('listening on');
  const client = connect(port, '127.0.0.1');
  await callToolOn(client, 1, 'registerSession', {});
  client.resetAndDestroy();
  expect(await once(socat, 'exit')).toEqual([0, null]);
});
