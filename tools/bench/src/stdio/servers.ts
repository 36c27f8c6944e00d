import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startStdioServer, type ProgramToStart, type StdioServerProcess } from '@org/measure/stdio-server-process';
import { rolldown } from 'rolldown';

/** A server on the same SDK whose tool does nothing, unbundled. */
export const noOpServer: string = fileURLToPath(new URL('no-op-server.js', import.meta.url));

/** Bundles the no-op server into one file, as the product is. Returns its path. */
export async function bundleNoOpServer(folder: string): Promise<string> {
  const bundle = await rolldown({ input: noOpServer, platform: 'node', logLevel: 'silent' });
  await bundle.write({ dir: folder, format: 'esm', sourcemap: true, entryFileNames: 'no-op-server.mjs' });
  await bundle.close();
  return join(folder, 'no-op-server.mjs');
}

/** Runs something on a server that has been greeted, and ends the server. */
export async function withStdioServer(
  program: ProgramToStart,
  use: (server: StdioServerProcess) => Promise<unknown>,
): Promise<void> {
  const server = startStdioServer(program);
  try {
    await server.initialize();
    await use(server);
  } finally {
    await server.close();
  }
}
