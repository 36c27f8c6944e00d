import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { request, type RequestOptions } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { HttpServerProcess, temporaryFolder } from '../support/mcp-http.js';
import { startNginx, type Certificate } from '../replicas/replicas.js';

const host = 'context.example.com';

it('a server on loopback is reached over TLS by its public name', async () => {
  const server = await HttpServerProcess.start({ DATABASE_URL: 'sqlite::memory:', ALLOWED_HOSTS: host });
  onTestFinished(async () => void (await server.stop()));
  const tls = await selfSigned();
  const nginx = await startNginx([Number(new URL(server.url).port)], tls);
  onTestFinished(nginx.stop);
  const { port } = new URL(nginx.mcp);
  const to = { host: '127.0.0.1', port, path: '/mcp', ca: tls.certificate };
  expect(await call({ ...to, servername: host }, host)).toContain('"sessions":[]');
  expect(await call({ ...to, servername: host }, 'other.example.com')).toContain('Invalid Host');
  await expect(call({ ...to, servername: 'other.example.com' }, host)).rejects.toThrow(/altnames/);
  expect((await fetch(nginx.mcp.replace('https:', 'http:'))).status).toBe(400);
});

/** Calls `listSessions`, and returns the answer. */
async function call(options: RequestOptions, named: string): Promise<string> {
  const accept = 'application/json, text/event-stream';
  const headers = { host: named, 'content-type': 'application/json', accept };
  const sent = request({ ...options, method: 'POST', headers });
  const params = { name: 'listSessions', arguments: { agent: 'planner' } };
  sent.end(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }));
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return text(response);
}

async function selfSigned(): Promise<Certificate> {
  const folder = await temporaryFolder();
  const [key, certificate] = [join(folder.path, 'key.pem'), join(folder.path, 'certificate.pem')];
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
  const names = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`];
  execFileSync('openssl', ['req', ...kind, ...names, '-keyout', key, '-out', certificate], { stdio: 'ignore' });
  const pair = { key: await readFile(key, 'utf8'), certificate: await readFile(certificate, 'utf8') };
  await folder.remove();
  return pair;
}
