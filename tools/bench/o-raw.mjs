import pg from 'pg';
const pool = new pg.Pool({ connectionString: process.env.U, max: 8 });
const r = await pool.query('select 1');
console.log('raw', performance.now().toFixed(0));
await pool.end();
