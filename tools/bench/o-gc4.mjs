import pg from 'pg';
const mode = process.argv[2];
const raw = {
  name: 'latest',
  text: `select h.* from context_history h join sessions s on s.id = h.session_id where s.namespace = $1 and s.session_key = $2 order by h.sequence desc limit 50`,
  values: ['default', 'bench-200'],
};
const pool = new pg.Pool({ connectionString: process.env.U, max: 8 });
const clients = await Promise.all(Array.from({ length: 8 }, () => pool.connect()));
const noop = () => {};
const V = {
  cb: (c) => new Promise((res, rej) => c.query(raw, (e, r) => (e ? rej(e) : res(r)))),
  cb_catch: (c) =>
    new Promise((res, rej) => c.query(raw, (e, r) => (e ? rej(e) : res(r)))).catch((e) => {
      throw e;
    }),
  cb_timer: (c) =>
    new Promise((res, rej) => {
      const t = setTimeout(noop, 40000);
      c.query(raw, (e, r) => {
        clearTimeout(t);
        e ? rej(e) : res(r);
      });
    }),
  cb_timer2: (c) =>
    new Promise((res, rej) => {
      let done;
      const t = setTimeout(() => done?.(new Error('x')), 40000);
      done = (e, r) => {
        clearTimeout(t);
        e ? rej(e) : res(r);
      };
      c.query(raw, done);
    }),
  async: async (c) => {
    const r = await new Promise((res, rej) => c.query(raw, (e, r) => (e ? rej(e) : res(r))));
    return r.rows;
  },
  async2: async (c) => {
    try {
      return await V.async(c);
    } finally {
      noop();
    }
  },
};
const step = V[mode];
const end = performance.now() + 2500;
let n = 0;
await Promise.all(
  clients.map(async (c) => {
    while (performance.now() < end) {
      await step(c);
      n++;
    }
  }),
);
console.log('mode', mode, n / 2.5, process.memoryUsage().heapUsed >> 20);
process.exit();
