import { describePlans } from './describe-plans.js';

describePlans('a database of a million entries', {
  sessions: 10_000,
  entries: 90,
  longLog: 100_000,
  handoffs: 50_000,
  idempotencyKeys: 20_000,
  ofProjects: 50_000,
});
