import { sql, type RawBuilder } from 'kysely';
import { expect, it } from 'vitest';
import { insertInto, update } from './changes.js';
import { db } from './query-builder.js';

const textOf = (statement: RawBuilder<unknown>): string => statement.compile(db).sql;

it('names each column beside its value', () => {
  const mark = { session_id: sql`id`, agent: sql.lit('reviewer'), sequence: sql.lit(1) };
  expect(textOf(insertInto('read_marks', mark))).toBe(
    `insert into "read_marks" ("session_id", "agent", "sequence") select id, 'reviewer', 1`,
  );
  expect(textOf(update('sessions', { title: sql`null`, epoch: sql`epoch + 1` }))).toBe(
    `update "sessions" set "title" = null, "epoch" = epoch + 1`,
  );
});

it('does not compile with a column that the table does not have, must have, or fills in itself', () => {
  const value = sql`1`;
  const statements = [
    // @ts-expect-error: there is no such column
    update('sessions', { titel: value }),
    // @ts-expect-error: there is no such table
    update('session', { title: value }),
    // @ts-expect-error: the database numbers the rows
    update('sessions', { id: value }),
    // @ts-expect-error: a mark has a sequence
    insertInto('read_marks', { session_id: value, agent: value }),
    // @ts-expect-error: there is no such column
    insertInto('read_marks', { session_id: value, agent: value, sequence: value, epoch: value }),
  ];
  expect(statements).toHaveLength(5);
});
