import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { programs, silentDatabase } from './programs.js';

const namespace = ['--map-root-user', '--pid', '--fork', '--kill-child', '--mount-proc'];

// As in a container: the kernel delivers no signal to process 1 that the process does not handle.
it.each(programs)('$name as process 1 ends on SIGTERM while it opens its database', async (program) => {
  const database = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void database.close());
  await once(database, 'listening');
  const { port } = database.address() as AddressInfo;
  const unshare = spawn('unshare', [...namespace, process.execPath, ...program.args], {
    env: silentDatabase(port),
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  onTestFinished(() => void unshare.kill('SIGKILL'));
  await once(database, 'connection');
  process.kill(Number(await readFile(`/proc/${unshare.pid}/task/${unshare.pid}/children`, 'utf8')), 'SIGTERM');
  expect(await once(unshare, 'exit')).toEqual([program.stoppedCode, null]);
});
