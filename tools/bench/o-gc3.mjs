import pg from 'pg';
const mode = process.argv[2];
const raw = {
  name: 'latest',
  text: `select h.* from context_history h join sessions s on s.id = h.session_id where s.namespace = $1 and s.session_key = $2 order by h.sequence desc limit 50`,
  values: ['default', 'bench-200'],
};
const pool = new pg.Pool({
  connectionString: process.env.U,
  max: 8,
  ...(mode.includes('qt') ? { query_timeout: 40000 } : {}),
});
const queryCb = (c, q) => new Promise((res, rej) => c.query(q, (e, r) => (e ? rej(e) : res(r))));
const connectCb = () => new Promise((res, rej) => pool.connect((e, c) => (e ? rej(e) : res(c))));
const steps = {
  fixed: null,
  poolquery: () => pool.query(raw),
  poolqueryqt: () => pool.query(raw),
  cp_qp: async () => {
    const c = await pool.connect();
    try {
      await c.query(raw);
    } finally {
      c.release();
    }
  },
  cc_qp: async () => {
    const c = await connectCb();
    try {
      await c.query(raw);
    } finally {
      c.release();
    }
  },
  cp_qc: async () => {
    const c = await pool.connect();
    try {
      await queryCb(c, raw);
    } finally {
      c.release();
    }
  },
  cc_qc: async () => {
    const c = await connectCb();
    try {
      await queryCb(c, raw);
    } finally {
      c.release();
    }
  },
};
let clients = mode.startsWith('held') ? await Promise.all(Array.from({ length: 8 }, () => pool.connect())) : [];
let i = 0;
if (mode === 'held_p' || mode === 'heldqt_p') steps[mode] = null;
const end = performance.now() + 2500;
let n = 0;
await Promise.all(
  Array.from({ length: 8 }, async (_, k) => {
    const step = mode.startsWith('held')
      ? mode.endsWith('_p')
        ? () => clients[k].query(raw)
        : () => queryCb(clients[k], raw)
      : steps[mode];
    while (performance.now() < end) {
      await step();
      n++;
    }
  }),
);
console.log('mode', mode, n / 2.5, process.memoryUsage().heapUsed >> 20);
process.exit();
