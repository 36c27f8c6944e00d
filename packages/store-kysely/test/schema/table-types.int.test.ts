import Sqlite, { type Database } from 'better-sqlite3';
import { beforeAll, describe, expect, it } from 'vitest';
import { migrations } from '../../src/sqlite/schema/migrations/index.js';
import { compareWithTypes, type Catalogue } from './compare-with-types.js';

/** Changes of the migrations' text, each with what the comparison then reports. */
const changes: readonly (readonly [before: string, after: string, difference: string])[] = [
  ['title text,', '', `Property '"sessions.title"' is missing`],
  ['title text,', 'title text, priority integer,', `'"sessions.priority"' does not exist`],
  ['create table read_marks', 'create table marks', `'"marks.session_id"' does not exist`],
  ['ttl_ms integer,', 'ttl_ms text,', '"sessions.ttl_ms": "string | null"'],
  ['ttl_ms integer,', 'ttl_ms integer not null,', '"sessions.ttl_ms": "number"'],
  ['uid text not null unique', 'uid text unique', '"sessions.uid": "string | null"'],
  [`former_owners text not null default '[]'`, 'former_owners text', '"sessions.former_owners": "string | null"'],
];

describe('the types of the tables on SQLite', () => {
  let differences: string[][];

  beforeAll(async () => {
    const script = migrations.map((migration) => migration.script).join('\n');
    const scripts = [script, ...changes.map(([before, after]) => script.replace(before, after))];
    differences = await compareWithTypes('sqlite', scripts.map(catalogueAfter));
  });

  it('say what the catalogue says', () => {
    expect(differences[0]).toEqual([]);
  });

  it.each(changes.map(([before, after, difference], index) => ({ before, after, difference, index })))(
    'differ from the catalogue with "$after" for "$before"',
    ({ difference, index }) => {
      expect(differences[index + 1]).toEqual([expect.stringContaining(difference)]);
    },
  );
});

function catalogueAfter(script: string): Catalogue {
  const database = new Sqlite(':memory:');
  database.exec(script);
  const catalogue = catalogueOf(database);
  database.close();
  return catalogue;
}

/** What better-sqlite3 makes of the types of SQLite. The tables are strict: a column holds its type alone. */
const held: Readonly<Record<string, string>> = { INTEGER: 'number', TEXT: 'string' };

interface ColumnRow {
  readonly table: string;
  readonly name: string;
  readonly type: string;
  readonly notnull: 0 | 1;
  readonly dflt_value: string | null;
  readonly is_row_id: 0 | 1;
}

function catalogueOf(database: Database): Catalogue {
  const rows = database
    .prepare<[], ColumnRow>(
      `select list.name as "table", info.*, (
         not list.wr and info.pk > 0 and 1 = (select count(*) from pragma_table_info(list.name) where pk > 0)
       ) as is_row_id
       from pragma_table_list as list, pragma_table_info(list.name) as info
       where list.type = 'table' and list.name not like 'sqlite_%' order by list.name, info.cid`,
    )
    .all();
  return Object.fromEntries(rows.map((row) => [`${row.table}.${row.name}`, textOf(row)]));
}

/** A key that is the number of the row is never null, and SQLite gives one to a row that comes without. */
function textOf(row: ColumnRow): string {
  const isRowId = row.is_row_id === 1;
  const isRequired = isRowId || row.notnull === 1;
  const origin = isRowId || row.dflt_value !== null ? ', default' : '';
  return `${held[row.type] ?? row.type}${isRequired ? '' : ' | null'}${origin}`;
}
