import pg from 'pg';
import { openContextStore } from '@org/context-store';
const SECS = +(process.env.SECS ?? 1),
  ROUNDS = +(process.env.ROUNDS ?? 5);
const store = await openContextStore({ database: process.env.U, agent: 'a' });
const content = 'x'.repeat(500);
const run = Date.now().toString(36);
for (let i = 0; i < 32; i++) await store.registerSession({ sessionKey: `${run}-${i}` });
const pool = new pg.Pool({ connectionString: process.env.U, max: 8 });
const text =
  'insert into rawlog (session_id, context_type, agent, metadata, content) values ($1,$2,$3,$4,$5) returning id';
const raw = async (k) => {
  await pool.query({ name: 'ins', text, values: [k, 'message', 'a', '{}', content] });
};
const ours = async (k) => {
  await store.updateContext({ sessionKey: `${run}-${k}`, contextType: 'message', content });
};
const med = (a) => a.toSorted((x, y) => x - y)[a.length >> 1];
for (const callers of [1, 8, 32]) {
  const res = {};
  for (let r = -1; r < ROUNDS; r++)
    for (const [k, s] of Object.entries({ raw, ours })) {
      const lat = [];
      const end = performance.now() + SECS * 1000;
      const c0 = process.cpuUsage();
      await Promise.all(
        Array.from({ length: callers }, async (_, i) => {
          while (performance.now() < end) {
            const t = performance.now();
            await s(i);
            lat.push(performance.now() - t);
          }
        }),
      );
      const c = process.cpuUsage(c0);
      if (r >= 0) (res[k] ??= []).push([lat.length / SECS, med(lat), (c.user + c.system) / lat.length]);
    }
  console.log(
    callers,
    Object.entries(res)
      .map(
        ([k, v]) =>
          `${k} ${med(v.map((x) => x[0])).toFixed(0)}/s p50 ${med(v.map((x) => x[1])).toFixed(3)} ms cpu ${med(v.map((x) => x[2])).toFixed(0)}`,
      )
      .join('  '),
    'p50 ratio',
    med(res.ours.map((x, i) => x[1] / res.raw[i][1])).toFixed(2),
  );
}
await store.close();
await pool.end();
