import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileQuery } from '../../src/prepared-query.js';
import type { Connection } from '../../src/sqlite/connection/connection.js';
import { openConnection } from '../../src/sqlite/connection/open-connection.js';
import { prepareOperations } from '../../src/sqlite/operations/operations.js';
import Sqlite, { type Database } from 'better-sqlite3';
import { temporaryFile } from '../support/temporary-file.js';

/** The statements of every operation. */
function statementsOf(connection: Connection): string[] {
  const texts: string[] = [];
  const prepare: Connection['prepare'] = (build) => {
    texts.push(compileQuery(build).text);
    return connection.prepare(build);
  };
  prepareOperations({ ...connection, prepare });
  return [...new Set(texts)];
}

describe('query plans on SQLite', () => {
  const { path, remove } = temporaryFile();
  let connection: Connection;
  let database: Database;
  let plans: { statement: string; steps: string[] }[];

  beforeAll(async () => {
    connection = await openConnection(path, Date.now, 0);
    database = new Sqlite(path);
    plans = statementsOf(connection).map((statement) => ({ statement, steps: planOf(statement) }));
  });
  afterAll(() => {
    database.close();
    connection.close();
    remove();
  });

  function planOf(statement: string): string[] {
    const parameters = Array.from({ length: statement.split('?').length - 1 }, () => null);
    const steps = database.prepare<null[], { detail: string }>(`explain query plan ${statement}`).all(...parameters);
    return steps.map(({ detail }) => detail);
  }

  const plansWith = (step: RegExp): typeof plans =>
    plans.filter(({ steps }) => steps.some((detail) => step.test(detail)));

  it('look up every row by a key or an index', () => {
    expect(plans.length).toBeGreaterThan(20);
    expect(plansWith(/SCAN (sessions|context_history|handoffs|idempotency_keys|seen_agents)/)).toEqual([]);
  });

  it('sort nothing', () => {
    expect(plansWith(/TEMP B-TREE/)).toEqual([]);
  });

  it('use the indexes that were made for them', () => {
    const statementsOfIndex = {
      context_history_pinned: 2,
      context_history_idempotency: 1,
      // A list, and the count of what is pending.
      handoffs_inbox: 2,
      handoffs_inbox_of_project: 1,
      handoffs_outbox: 1,
      handoffs_outbox_of_project: 1,
      sessions_by_project: 2,
      // Finds lapses (for a list, a peek and a count), whether there are any, and which are stored next.
      handoffs_lease_check: 3,
      // One of them is the foreign key's check when a session is deleted.
      handoffs_of_session: 5,
      handoffs_pending_take_overs: 1,
      handoffs_accepted_of_session: 1,
      idempotency_keys_about: 1,
      seen_agents_by_time: 2,
    };
    for (const [index, statements] of Object.entries(statementsOfIndex)) {
      expect(plansWith(new RegExp(`INDEX ${index}\\b`)), index).toHaveLength(statements);
    }
  });

  it('read one range for each address, so that nothing of other addresses, projects and statuses costs anything', () => {
    const ranges = {
      handoffs_inbox: ['namespace=? AND status=? AND target_agent=? AND rowid>?', 'namespace=? AND status=?'],
      handoffs_inbox_of_project: ['namespace=? AND project=? AND status=? AND target_agent=? AND rowid>?'],
      handoffs_outbox: ['namespace=? AND requesting_agent=? AND rowid>?'],
      handoffs_outbox_of_project: ['namespace=? AND project=? AND requesting_agent=? AND rowid>?'],
      sessions_by_project: ['namespace=? AND project=? AND rowid<?', 'namespace=? AND project=? AND rowid<?'],
    };
    for (const [index, expected] of Object.entries(ranges)) {
      const search = new RegExp(String.raw`INDEX ${index} \((.*)\)$`);
      const found = plans.flatMap(({ steps }) => steps.flatMap((detail) => search.exec(detail)?.[1] ?? []));
      expect(found.toSorted(), index).toEqual(expected.toSorted());
    }
  });
});
