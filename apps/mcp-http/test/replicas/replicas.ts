import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unusedPort } from '@org/store-kysely/testing';
import { expect } from 'vitest';
import { HttpServerProcess, temporaryFolder, type Env } from '../support/mcp-http.js';

const guide = join(import.meta.dirname, '..', '..', '..', '..', 'docs', 'operations', 'deployment.md');

/** nginx with the configuration of docs/operations/deployment.md, on other ports. */
export interface Nginx {
  /** The URL of the MCP endpoint. */
  readonly mcp: string;
  /** Returns how many calls each port has answered. */
  readonly served: () => Promise<ReadonlyMap<number, number>>;
  readonly stop: () => Promise<void>;
}

/** The certificate and key, as PEM, that replace those of the guide. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

/**
 * @param replicas the ports that replace those in the guide. If there are fewer, each replaces several
 * @param tls enables the lines for TLS of the guide
 */
export async function startNginx(replicas: readonly number[], tls?: Certificate): Promise<Nginx> {
  const folder = await temporaryFolder();
  const port = await unusedPort();
  await mkdir(join(folder.path, 'logs'));
  await writeFile(join(folder.path, 'nginx.conf'), configuration(await documentedServer(port, replicas, tls)));
  if (tls !== undefined) {
    await writeFile(join(folder.path, 'certificate.pem'), tls.certificate);
    await writeFile(join(folder.path, 'key.pem'), tls.key);
  }
  const nginx = spawn('nginx', ['-p', folder.path, '-c', 'nginx.conf', '-e', 'logs/error'], { stdio: 'ignore' });
  const mcp = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}/mcp`;
  await expect
    .poll(() =>
      fetch(`http://127.0.0.1:${port}/`).then(
        ({ status }) => status,
        () => undefined,
      ),
    )
    .toBe(tls === undefined ? 404 : 400);
  return {
    mcp,
    served: async () => {
      const counts = new Map<number, number>();
      for (const line of (await readFile(join(folder.path, 'logs', 'access'), 'utf8')).trim().split('\n')) {
        // nginx lists the servers that refused before the one that served.
        const served = Number(line.split(':').at(-1));
        if (served > 0) counts.set(served, (counts.get(served) ?? 0) + 1);
      }
      return counts;
    },
    stop: async () => {
      await end(nginx);
      await folder.remove();
    },
  };
}

async function documentedServer(
  port: number,
  replicas: readonly number[],
  tls: Certificate | undefined,
): Promise<string> {
  const blocks = [...(await readFile(guide, 'utf8')).matchAll(/^```nginx\n([\s\S]*?)^```$/gm)];
  const [plain = '', secure = ''] = blocks.map(([, block]) => block);
  const ports = {
    3001: replicas[0],
    3002: replicas[1 % replicas.length],
    3003: replicas[2 % replicas.length],
    8080: port,
  };
  const secureHere = secure
    .replace('443', `127.0.0.1:${port}`)
    .replace(/\S+example\.com\.pem/, 'certificate.pem')
    .replace(/\S+example\.com\.key/, 'key.pem');
  return (tls === undefined ? plain : plain.replace('listen 127.0.0.1:8080;', secureHere)).replaceAll(
    /127\.0\.0\.1:(\d+)/g,
    (text, shown: keyof typeof ports) => (shown in ports ? `127.0.0.1:${ports[shown]}` : text),
  );
}

const configuration = (server: string): string => `
${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off;
pid logs/pid;
events {}
http {
  log_format served '$upstream_addr';
  access_log logs/access served;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  ${server}
}`;

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill();
  await ended;
}

/** One of several servers. It keeps its port when it is started again. */
export interface Replica {
  readonly port: number;
  /** The current process. */
  readonly process: () => HttpServerProcess;
  /** Starts a new process. Resolves when it is ready. */
  readonly start: () => Promise<void>;
}

export async function startReplicas(count: number, env: Env): Promise<Replica[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const port = await unusedPort();
      const start = (): Promise<HttpServerProcess> => HttpServerProcess.start({ PORT: `${port}`, ...env });
      let current = await start();
      return {
        port,
        process: () => current,
        start: async () => {
          current = await start();
          expect((await fetch(`${current.url}/ready`)).status).toBe(200);
        },
      };
    }),
  );
}

export async function stopReplicas(replicas: readonly Replica[]): Promise<void> {
  const ends = await Promise.all(replicas.map((replica) => replica.process().stop()));
  expect(ends.map(({ code }) => code)).toEqual(replicas.map(() => 0));
}
