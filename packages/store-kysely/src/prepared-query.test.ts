import { describe, expect, expectTypeOf, it } from 'vitest';
import { compileQuery, type BuildQuery, type Placeholders } from './prepared-query.js';
import { db } from './sqlite/connection/query-builder.js';

describe('compileQuery', () => {
  it('binds named arguments in the order of the text, each as often as it occurs', () => {
    const { text, bind } = compileQuery((p: Placeholders<{ owner: string; after: number; before: number }>) =>
      db
        .selectFrom('sessions')
        .select('uid')
        .where((eb) => eb.or([eb('id', '>', p.after), eb('id', '<', p.before)]))
        .where('owner', '=', p.owner)
        .where('id', '!=', p.after)
        .limit(7),
    );
    expect(text).toBe(
      'select "uid" from "sessions" where ("id" > ? or "id" < ?) and "owner" = ? and "id" != ? limit ?',
    );
    expect(bind({ owner: 'planner', after: 1, before: 2 })).toEqual([1, 2, 'planner', 1, 7]);
    expect(bind({ owner: 'reviewer', after: 3, before: 4 })).toEqual([3, 4, 'reviewer', 3, 7]);
  });

  it('infers the arguments and the rows of a statement', () => {
    const build = (p: Placeholders<{ id: number }>) =>
      db.selectFrom('sessions').select(['uid', 'epoch']).where('id', '=', p.id);
    expectTypeOf(build).toExtend<BuildQuery<{ id: number }, { uid: string; epoch: number }>>();
    expectTypeOf(compileQuery(build).bind).parameters.toEqualTypeOf<[{ id: number }]>();
    // @ts-expect-error: a text is no id
    const wrong = (p: Placeholders<{ id: string }>) => db.selectFrom('sessions').select('uid').where('id', '=', p.id);
    expect(wrong).toBeTypeOf('function');
  });
});
