import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { HttpServerProcess, temporaryFolder } from '../support/mcp-http.js';

it('is not ready while its file is missing, and logs why', async () => {
  const folder = await temporaryFolder();
  const path = join(folder.path, 'context.db');
  const server = await HttpServerProcess.start({ DATABASE_URL: `sqlite:${path}` });
  const ready = (): Promise<Response> => fetch(`${server.url}/ready`);
  expect((await ready()).status).toBe(200);

  await rename(path, `${path}.away`);
  const unready = await ready();
  expect(unready.status).toBe(503);
  expect(await unready.json()).toMatchObject({ reason: expect.stringContaining(`${path} was removed or moved`) });
  expect((await fetch(`${server.url}/health`)).status).toBe(200);
  await rename(`${path}.away`, path);
  await vi.waitFor(async () => expect((await ready()).status).toBe(200), { timeout: 15_000 });

  await server.stop();
  expect(server.log.filter(({ level }) => level === 'warn').map(({ msg }) => msg)).toEqual([
    expect.stringContaining(`${path} was removed or moved while it was open. Calls fail`),
    expect.stringContaining('was opened again'),
  ]);
  await folder.remove();
});
