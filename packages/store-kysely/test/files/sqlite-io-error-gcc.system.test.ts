import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { expectTrouble } from '../support/expect-trouble.js';
import { forkStore } from '../support/fork-store.js';
import { appendWork, createWork, readWork } from '../support/requests.js';
import { temporaryFile } from '../support/temporary-file.js';

const run = promisify(execFile);

it('a disk that cannot read for a while is not reported as damage of the file', async () => {
  const { path, remove } = temporaryFile();
  onTestFinished(remove);
  const [library, broken] = [join(dirname(path), 'failing-reads.so'), join(dirname(path), 'broken')];
  await run('gcc', ['-shared', '-fPIC', '-o', library, join(import.meta.dirname, 'failing-reads.c'), '-ldl']);

  const writer = forkStore(path);
  await writer.store.createSession(createWork);
  for (let turn = 0; turn < 100; turn += 1) await writer.store.appendEntry(appendWork('x'.repeat(2000)));
  await writer.end();

  const env = { LD_PRELOAD: library, FAIL_READS_OF: path, FAIL_READS_WHILE: broken };
  const reader = forkStore(path, env);
  await reader.store.ping();
  await writeFile(broken, '');
  const reported = /the disk reports an error, or the file is damaged.*Restore a backup only if that finds damage/;
  await expectTrouble(reader.store.readEntries(readWork()), reported);
  await expectTrouble(reader.store.appendEntry(appendWork('lost')), reported);
  await rm(broken);
  expect((await reader.store.readEntries(readWork())).entries).toHaveLength(100);
  expect(await reader.store.appendEntry(appendWork('after'))).toMatchObject({ sequence: 101 });
  await reader.end();
});
