import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { programs, silentDatabase } from './programs.js';

/** Prints each file that Node.js loads before the program handles SIGTERM. */
const tellWhatIsLoaded = `
  import { registerHooks } from 'node:module';
  registerHooks({
    load(url, context, load) {
      if (url.startsWith('file:') && process.listenerCount('SIGTERM') === 0) process.stderr.write(url + '\\n');
      return load(url, context);
    },
  });`;

describe.each(programs)('$name', ({ name, args, stoppedCode }) => {
  it('handles signals before it loads anything that takes long', async () => {
    const preload = `--import=data:text/javascript,${encodeURIComponent(tellWhatIsLoaded)}`;
    const child = spawn(process.execPath, [preload, args[0], '--version']);
    const loaded = (await text(child.stderr)).trim().split('\n');
    expect(loaded.filter((url) => !/\/(?:main|until-stopped|reserve-stdout|rolldown-runtime)\.js$/.test(url))).toEqual(
      [],
    );
    expect(loaded[0]).toMatch(/main\.js$/);
  });

  it('ends when it is told to stop while it opens its database', async () => {
    const database = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void database.close());
    await once(database, 'listening');
    const { port } = database.address() as AddressInfo;
    const child = spawn(process.execPath, args, { env: silentDatabase(port), stdio: ['pipe', 'ignore', 'pipe'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const stderr = text(child.stderr);
    await once(database, 'connection');
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([stoppedCode, null]);
    const said = stoppedCode === 0 ? '' : `${name.split(' ')[0]}: SIGTERM came before it was done.`;
    expect((await stderr).startsWith(said)).toBe(true);
  });
});
