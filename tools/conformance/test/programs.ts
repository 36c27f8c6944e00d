import { join } from 'node:path';
import { program as mcpHttp } from '@org/mcp-http/testing';
import { program as mcpStdio } from '@org/mcp-stdio/testing';

const contextStore = join(import.meta.dirname, '..', '..', '..', 'apps', 'cli', 'dist', 'main.js');

/** A program, and its exit code if it is stopped before its database is open. */
export interface Program {
  readonly name: string;
  readonly args: readonly [file: string, ...rest: string[]];
  readonly stoppedCode: number;
}

export const programs: readonly Program[] = [
  { name: 'mcp-stdio', args: [mcpStdio], stoppedCode: 0 },
  { name: 'mcp-http', args: [mcpHttp], stoppedCode: 0 },
  // It did not do its task. Shells report the same code for a process that SIGTERM ended.
  { name: 'context-store migrate', args: [contextStore, 'migrate'], stoppedCode: 143 },
];

/** The environment of a program whose database accepts connections and never answers. */
export const silentDatabase = (port: number): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  DATABASE_URL: `postgres://root@127.0.0.1:${port}/context`,
  DATABASE_CONNECT_TIMEOUT_MS: '600000',
  PORT: '0',
  METRICS_PORT: 'off',
});
