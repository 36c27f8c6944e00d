import { expect, it } from 'vitest';
import { qualifyTables } from './qualify-tables.js';

it.for([
  ['select id from sessions join handoffs using (id)', 'select id from "a"."sessions" join "a"."handoffs" using (id)'],
  ['select "version" from "schema_migrations"', 'select "version" from "a"."schema_migrations"'],
  ['with sessions_seen as (select 1) select * from sessions_seen', undefined],
  ['select extract(epoch from sessions.created_at), "sessions"."id"', undefined],
  ['select extract(epoch from "sessions"."created_at")', undefined],
  ['delete from sessions using session', 'delete from "a"."sessions" using session'],
  ['select from session for update of sessions', undefined],
  ["select last_value_of(regclass 'some_seq')", `select last_value_of(regclass '"a"."some_seq"')`],
] as const)('names the schema of tables, and of nothing else: %s', ([text, expected]) => {
  expect(qualifyTables(text, 'a')).toBe(expected ?? text);
});

it('quotes the schema', () => {
  expect(qualifyTables('update sessions set', 'Team "$1"')).toBe('update "Team ""$1"""."sessions" set');
  expect(qualifyTables("select regclass 'sessions'", "it's")).toBe(`select regclass '"it''s"."sessions"'`);
});
