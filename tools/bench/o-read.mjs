import pg from 'pg';
import { openContextStore } from '@org/context-store';
const SECS = +(process.env.SECS ?? 1.5),
  ROUNDS = +(process.env.ROUNDS ?? 5);
const store = await openContextStore({
  database: process.env.U,
  agent: 'a',
  ...(process.env.CACHE === 'yes' ? { cache: {} } : {}),
});
const key = 'bench-200';
const content = 'x'.repeat(500);
try {
  await store.registerSession({ sessionKey: key });
  for (let i = 0; i < 200; i++) await store.updateContext({ sessionKey: key, contextType: 'message', content });
} catch (e) {
  if (e.code !== 'SESSION_EXISTS') throw e;
}
const pool = new pg.Pool({ connectionString: process.env.U, max: 8 });
const raw = {
  name: 'latest',
  text: `select h.sequence, h.context_type, h.agent, h.content, h.metadata, h.created_at from context_history h join sessions s on s.id = h.session_id where s.namespace = $1 and s.session_key = $2 order by h.sequence desc limit 50`,
  values: ['default', key],
};
const rawStep = async () => {
  const r = await pool.query(raw);
  if (r.rows.length !== 50) throw new Error('raw');
};
const oursStep = async () => {
  const r = await store.getContext({ sessionKey: key, limit: 50, maxTokens: 25000 });
  if (r.entries.length !== 50) throw new Error('ours ' + r.entries.length);
};
const briefStep = async () => {
  await store.getBriefing({ sessionKey: key });
};
async function rate(step, callers) {
  let n = 0;
  const end = performance.now() + SECS * 1000;
  const c0 = process.cpuUsage();
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (performance.now() < end) {
        await step();
        n++;
      }
    }),
  );
  const c = process.cpuUsage(c0);
  return [n / SECS, (c.user + c.system) / n];
}
const med = (a) => a.toSorted((x, y) => x - y)[a.length >> 1];
const only = process.env.ONLY?.split(',');
const steps = Object.entries({ raw: rawStep, ours: oursStep, brief: briefStep }).filter(
  ([k]) => !only || only.includes(k),
);
for (const callers of (process.env.CALLERS ?? '1,8').split(',').map(Number)) {
  const res = {};
  for (const [, s] of steps) await rate(s, callers);
  for (let r = 0; r < ROUNDS; r++) for (const [k, s] of steps) (res[k] ??= []).push(await rate(s, callers));
  console.log(
    callers,
    Object.entries(res)
      .map(([k, v]) => `${k} ${med(v.map((x) => x[0])).toFixed(0)}/s ${med(v.map((x) => x[1])).toFixed(0)}µs cpu`)
      .join('  '),
  );
}
await store.close();
await pool.end();
