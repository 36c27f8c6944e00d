import { Pool } from 'pg';

/** The least that a process can do to get an answer of PostgreSQL: loads pg, connects, and reads some sessions. */
const pool = new Pool({ connectionString: process.env['DATABASE_URL'] });
await pool.query('select session_key, owner, title from sessions order by id desc limit 20');
await pool.end();
