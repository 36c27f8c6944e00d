import pg from 'pg';
const opts = {
  connectionString: process.env.U,
  max: 8,
  ...(process.argv[2] === 'qt' ? { query_timeout: 40000 } : {}),
  ...(process.argv[2] === 'life' ? { maxLifetimeSeconds: 600, idleTimeoutMillis: 300000 } : {}),
};
const pool = new pg.Pool(opts);
const raw = {
  name: 'latest',
  text: `select h.* from context_history h join sessions s on s.id = h.session_id where s.namespace = $1 and s.session_key = $2 order by h.sequence desc limit 50`,
  values: ['default', 'bench-200'],
};
const end = performance.now() + 2500;
let n = 0;
await Promise.all(
  Array.from({ length: 8 }, async () => {
    while (performance.now() < end) {
      if (process.argv[3] === 'connect') {
        const c = await pool.connect();
        try {
          await c.query(raw);
        } finally {
          c.release();
        }
      } else await pool.query(raw);
      n++;
    }
  }),
);
console.log('raw', process.argv[2], n / 2.5, process.memoryUsage().heapUsed >> 20);
await pool.end();
