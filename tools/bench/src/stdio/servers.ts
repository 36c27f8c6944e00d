import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { join } from 'node:path';

/** The product's stdio server, as it is built. */
export const mcpStdio: string = fileURLToPath(new URL('../../../../apps/mcp-stdio/dist/main.js', import.meta.url));

/** A server on the same SDK whose tool does nothing, as its author would run it. */
export const noOpServer: string = fileURLToPath(new URL('no-op-server.js', import.meta.url));

/** The same in one file, as the product is. @returns its path */
export async function bundleNoOpServer(folder: string): Promise<string> {
  const bundle = await rolldown({ input: noOpServer, platform: 'node', logLevel: 'silent' });
  await bundle.write({ dir: folder, format: 'esm', sourcemap: true, entryFileNames: 'no-op-server.mjs' });
  await bundle.close();
  return join(folder, 'no-op-server.mjs');
}
