import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { commandsBelow, deploymentGuide, expectRestored } from './expect-restored.js';
import { Scene } from './scene.js';

const shell = promisify(execFile);

it('a copy of a SQLite file, taken and restored by the commands of the guide', { timeout: 120_000 }, async () => {
  const [backUp = '', restore = ''] = commandsBelow(await readFile(deploymentGuide, 'utf8'), '### SQLite');
  const scene = await Scene.open();
  onTestFinished(scene.close);
  const env = { DATABASE_URL: `sqlite:${scene.folder}/context.db` };
  const run = (commands: string) => shell('sh', ['-ec', commands], { cwd: scene.folder });
  const client = scene.speak(env);
  await expectRestored({
    call: client.call,
    backUp: () => run(backUp),
    restore: async () => {
      await client.end();
      await run(restore);
      expect((await stat(`${scene.folder}/context.db`)).mode & 0o777).toBe(0o600);
      return scene.speak(env).call;
    },
  });
});
