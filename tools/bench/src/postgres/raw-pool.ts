import { Pool } from 'pg';
import type { Context } from '../row.js';

/** Opens connections of pg alone, and defers their end. */
export function openRawPool({ resources }: Pick<Context, 'resources'>, url: string, size: number): Pool {
  const pool = new Pool({ connectionString: url, max: size });
  // `end` resolves before the server has closed its side. If the database is dropped meanwhile, the server says so.
  pool.on('error', () => undefined);
  resources.defer(() => pool.end());
  return pool;
}
