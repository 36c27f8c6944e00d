import { expect, it } from 'vitest';
import { planSettings } from '../../src/postgres/connection/plan-settings.js';
import { describePlans } from './describe-plans.js';
import { runEveryStatement } from './every-statement.js';
import { expectedPlans, indexesOf, readWhole } from './expected-plans.js';
import { openExplainedDatabase } from './open-explained-database.js';
import { createWork, work } from '../support/requests.js';

describePlans('a database that has grown a little', {
  sessions: 2000,
  entries: 20,
  longLog: 2000,
  handoffs: 3000,
  idempotencyKeys: 5000,
  ofProjects: 10_000,
});

/** While indexes are empty, the planner prefers any that it can use. These statements could use several. */
const undecided = new Set([
  'read_session_situation',
  'claim_handoff',
  'claim_handoff_once',
  'accept_take_over',
  'accept_take_over_once',
  'resolve_handoff',
  'resolve_handoff_once',
  'expire_offers',
]);

it('plans the same from the first day on, when the server knows nothing yet of its tables', async () => {
  const database = await openExplainedDatabase(planSettings);
  const runs = await database.explained(async (operations) => {
    await operations.createSession(createWork);
    await runEveryStatement(operations, { ...work, owner: 'planner', name: 'first' });
  });
  await database.close();
  expect(runs.flatMap(({ plan }) => readWhole(plan))).toEqual([]);
  for (const { name, plan, text } of runs.filter((run) => !undecided.has(run.name))) {
    expect(indexesOf(plan), text).toEqual(expectedPlans[name]?.indexes.toSorted());
  }
});
