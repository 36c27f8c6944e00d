import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { temporaryDatabase } from '@org/store-kysely/testing';
import { it, onTestFinished } from 'vitest';
import { commandsBelow, deploymentGuide, expectRestored } from './expect-restored.js';
import { Scene } from './scene.js';

const shell = promisify(execFile);

it('a dump of PostgreSQL, taken and restored by the commands of the guide', { timeout: 120_000 }, async () => {
  const [backUp = '', restore = ''] = commandsBelow(await readFile(deploymentGuide, 'utf8'), '### PostgreSQL');
  const scene = await Scene.open();
  onTestFinished(scene.close);
  const { url } = await scene.database();
  // The guide makes the database itself.
  const { url: restoredUrl, drop } = await temporaryDatabase();
  onTestFinished(drop);
  const name = new URL(restoredUrl).pathname.slice(1);
  await shell('dropdb', [`--maintenance-db=${url}`, name]);
  const run = (commands: string) =>
    shell('sh', ['-ec', commands.replaceAll('restored', name)], {
      cwd: scene.folder,
      env: { PATH: process.env['PATH'], DATABASE_URL: url },
    });
  const { call } = await scene.serve({ DATABASE_URL: url });
  await expectRestored({
    call,
    backUp: () => run(backUp),
    restore: async () => {
      await run(restore);
      return (await scene.serve({ DATABASE_URL: restoredUrl })).call;
    },
  });
});
