import Sqlite from 'better-sqlite3';
import { expect, it } from 'vitest';
import { openConnection } from '../../src/sqlite/connection/open-connection.js';
import { temporaryFile } from '../support/temporary-file.js';

const heading = `-- The schema on SQLite after all migrations, as the database itself tells it: to be read, not to be run.
-- \`vitest run -u schema\` regenerates it.
`;

it('is what schema/sqlite.sql says', async () => {
  const { path, remove } = temporaryFile();
  (await openConnection(path, Date.now, 0)).close();
  const database = new Sqlite(path, { readonly: true });
  const statements = database
    .prepare<[], string>(
      `select sql from sqlite_master where sql is not null and name not like 'sqlite_%' order by rowid`,
    )
    .pluck()
    .all();
  database.close();
  remove();
  const schema = statements.map((sql) => `${sql.replaceAll('\n    ', '\n')};\n`).join('\n');
  await expect(`${heading}\n${schema}`).toMatchFileSnapshot('../../schema/sqlite.sql');
});
