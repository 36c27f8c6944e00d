import { sql, type RawBuilder } from 'kysely';

/**
 * Part of every statement whose writes are acknowledged. Its commit waits for the disk, and for the synchronous
 * standbys, even if `synchronous_commit` is off. An operator may switch it off for a server, a database or a role while
 * processes are connected, and a crash would then lose acknowledged writes.
 *
 * It applies to the statement's transaction, so it works behind a pooler too. Stronger settings stay.
 */
export const commitDurably: RawBuilder<unknown> = sql`
  case when current_setting('synchronous_commit') in ('off', 'local')
    then set_config('synchronous_commit', 'on', true) end`;
