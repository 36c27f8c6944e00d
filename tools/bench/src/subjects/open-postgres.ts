import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { benchDatabase } from '../postgres/bench-database.js';
import type { Called, Context, OpenSubject, Subject } from '../row.js';

const opens = 20;

export const openPostgres: Subject = {
  name: 'open-postgres',
  title: 'A process that opens an existing store on PostgreSQL, from spawn past its first answer to its end',
  open,
};

async function open(context: Context): Promise<OpenSubject> {
  const database = await benchDatabase(context, 50);
  const side = (name: string, program: string): Called => {
    const file = fileURLToPath(new URL(`../servers/${program}`, import.meta.url));
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
