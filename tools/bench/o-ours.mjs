const t0 = performance.now();
const { openContextStore } = await import('@org/context-store');
const t1 = performance.now();
const store = await openContextStore({ database: process.env.U, agent: 'a', migrate: process.env.M !== 'no' });
const t2 = performance.now();
const s = await store.listSessions({ limit: 1 });
const t3 = performance.now();
console.log(
  'ours',
  'boot',
  t0.toFixed(0),
  'import',
  (t1 - t0).toFixed(0),
  'open',
  (t2 - t1).toFixed(0),
  'first',
  (t3 - t2).toFixed(0),
  'total',
  t3.toFixed(0),
);
await store.close();
