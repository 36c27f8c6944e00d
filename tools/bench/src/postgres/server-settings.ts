import { storageOf } from '../machine.js';
import type { BenchDatabase } from './bench-database.js';

const settingNames = [
  'server_version',
  'synchronous_commit',
  'fsync',
  'wal_sync_method',
  'full_page_writes',
  'shared_buffers',
  'max_wal_size',
  'autovacuum',
  'data_directory',
];

/** What of the server's configuration decides how fast it writes. What the user may not see is left out. */
export async function serverSettings({ query }: Pick<BenchDatabase, 'query'>): Promise<Record<string, string>> {
  const names = settingNames.map((name) => `'${name}'`).join();
  const rows = await query(`
    select name, current_setting(name) as setting from pg_settings where name in (${names}) order by name`);
  const settings = Object.fromEntries(rows.map(({ name, setting }) => [String(name), String(setting)]));
  const storage = await storageOf(settings['data_directory'] ?? '');
  const named = Object.entries({ ...settings, ...(storage !== undefined && { storage }) });
  return Object.fromEntries(named.map(([name, setting]) => [`PostgreSQL ${name}`, setting]));
}
