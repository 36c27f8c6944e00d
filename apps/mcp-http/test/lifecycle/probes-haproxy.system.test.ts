import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unusedPort } from '@org/store-kysely/testing';
import { expect, it, onTestFinished } from 'vitest';
import { HttpServerProcess, temporaryFolder } from '../support/mcp-http.js';

it.each([
  ['GET by HTTP/1.0 without Host', 'GET /ready'],
  ['OPTIONS, which it takes when no method is named', '/ready'],
  ['GET by HTTP/1.1 without Host', 'GET /ready HTTP/1.1'],
])('HAProxy sends calls to a server that it probes by %s, and no calls to one that stops', async (_probe, httpchk) => {
  const server = await HttpServerProcess.start({ DATABASE_URL: 'sqlite::memory:', DRAIN_DELAY_SECONDS: '300' });
  onTestFinished(() => void server.child.kill('SIGKILL'));
  const front = await startHaproxy(server.url, httpchk);
  const probed = async (): Promise<string> => (await fetch(`${front}/stats;csv`)).text();
  const status = async (): Promise<number> => (await fetch(`${front}/health`)).status;
  await expect.poll(probed).toContain(',L7OK,200,');
  expect(await status()).toBe(200);
  server.child.kill('SIGTERM');
  await expect.poll(probed).toContain(',L7STS,503,');
  expect(await status()).toBe(503);
});

/** Returns its URL. */
async function startHaproxy(server: string, httpchk: string): Promise<string> {
  const folder = await temporaryFolder();
  const port = await unusedPort();
  const path = join(folder.path, 'haproxy.cfg');
  await writeFile(path, configuration({ port, server: new URL(server).host, httpchk }));
  const haproxy = spawn('haproxy', ['-db', '-f', path], { stdio: 'ignore' });
  const ended = once(haproxy, 'exit');
  onTestFinished(async () => {
    haproxy.kill();
    await ended;
    await folder.remove();
  });
  const front = `http://127.0.0.1:${port}`;
  await expect
    .poll(() =>
      fetch(front).then(
        () => true,
        () => false,
      ),
    )
    .toBe(true);
  return front;
}

interface Haproxy {
  readonly port: number;
  /** The host and port of the server. */
  readonly server: string;
  /** The arguments of `option httpchk`. */
  readonly httpchk: string;
}

const configuration = ({ port, server, httpchk }: Haproxy): string => `
defaults
  mode http
  timeout connect 2s
  timeout client 10s
  timeout server 10s
  option httpchk ${httpchk}
frontend front
  bind 127.0.0.1:${port}
  default_backend servers
  stats enable
  stats uri /stats
backend servers
  server one ${server} check inter 100 fall 1 rise 1
`;
