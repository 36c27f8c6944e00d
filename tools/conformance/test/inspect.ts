import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HttpServerProcess } from '@org/mcp-http/testing';
import { program as stdioProgram } from '@org/mcp-stdio/testing';

const inspector = join(import.meta.dirname, '../node_modules/.bin/mcp-inspector');

export interface Inspection {
  readonly exitCode: number;
  readonly stdout: string;
  /** What the inspector found, in addition. */
  readonly stderr: string;
}

export interface Inspector {
  /** Asks one of our servers for one thing, in one protocol era. */
  readonly inspect: (
    transport: 'http' | 'stdio',
    era: 'legacy' | 'modern',
    asked: readonly string[],
  ) => Promise<Inspection>;
  readonly close: () => Promise<void>;
}

/** The protocol's inspector, as its users run it, with a server of each transport. */
export async function openInspector(): Promise<Inspector> {
  const home = await mkdtemp(join(tmpdir(), 'inspector-'));
  const server = await HttpServerProcess.start({ DATABASE_URL: 'sqlite::memory:' });
  const targets = {
    http: [server.mcp],
    stdio: [process.execPath, stdioProgram, '-e', 'DATABASE_URL=sqlite::memory:'],
  };
  return {
    inspect: (transport, era, asked) =>
      run(['--cli', ...targets[transport], '--protocol-era', era, ...asked, '--format', 'json', '--quiet'], home),
    close: async () => {
      await server.stop();
      await rm(home, { recursive: true });
    },
  };
}

function run(given: readonly string[], home: string): Promise<Inspection> {
  return new Promise((resolve) => {
    execFile(inspector, given, { env: { PATH: process.env['PATH'], HOME: home } }, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

export const everyConnection = [
  ['http', 'legacy'],
  ['http', 'modern'],
  ['stdio', 'legacy'],
  ['stdio', 'modern'],
] as const;
