import { execFile } from 'node:child_process';
import { cp, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { benchDatabase } from '../postgres/bench-database.js';
import { temporaryFolder, type Called, type Context, type OpenSubject, type Subject } from '../row.js';

const opens = 20;

export const openPostgres: Subject = {
  name: 'open-postgres',
  title: 'A process that opens an existing store on PostgreSQL, from spawn past its first answer to its end',
  open,
};

async function open(context: Context): Promise<OpenSubject> {
  const database = await benchDatabase(context, 50);
  const folder = await installLibrary(context);
  const side = (name: string, program: string): Called => {
    const file = join(folder, program);
    const env = { PATH: process.env['PATH'], DATABASE_URL: database.url };
    return { name, call: () => promisify(execFile)(process.execPath, [file], { env }) };
  };
  return {
    rows: [
      {
        name: 'spawn to the end after one read',
        calls: opens,
        ours: side('library', 'open-library.js'),
        limit: side('raw pg', 'open-raw-pg.js'),
      },
    ],
    settings: { 'opens of each in a round': String(opens), ...database.settings },
  };
}

const programs = ['open-library.js', 'open-raw-pg.js'];

/** Puts both programs into a folder with the released library and pg, as npm would install them, and returns it. */
async function installLibrary(context: Context): Promise<string> {
  const folder = await temporaryFolder(context);
  const modules = join(folder, 'node_modules');
  await mkdir(join(modules, '@org'), { recursive: true });
  const released = fileURLToPath(new URL('../../../../dist/npm/@org/context-store', import.meta.url));
  await cp(released, join(modules, '@org/context-store'), { recursive: true });
  await symlink(fileURLToPath(new URL('../../node_modules/pg', import.meta.url)), join(modules, 'pg'));
  for (const program of programs) {
    await cp(fileURLToPath(new URL(`../servers/${program}`, import.meta.url)), join(folder, program));
  }
  return folder;
}
