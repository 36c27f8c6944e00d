import { limits, type NoteAgents } from '@org/domain';
import { sql } from 'kysely';
import { insertInto } from '../statements/changes.js';
import { clock, type Clocked } from '../statements/clock.js';
import type { Database } from '../statements/database.js';
import { statement } from '../statements/query-builder.js';
import type { Operation } from './operation.js';

/** How many names each statement forgets. It is more than a call notes, so that the table can shrink. */
const forgottenAtOnce = 32;

/**
 * Notes all names by one statement and at one time (a subquery reads the clock once), and forgets those that are older
 * than the newest ones that are kept. It is prepared as a read, because it may be repeated. It waits for no row that it
 * forgets, and takes the rows that it notes in the order of their names, so that no two of these statements wait for each
 * other.
 */
export function prepareNoteAgents(database: Database): Operation<NoteAgents, void> {
  const note = database.prepareRead('note_agents', (p: Clocked<NoteAgents>) =>
    statement(sql`
      with noted as (
        ${insertInto('seen_agents', { namespace: sql`${p.namespace}`, agent: sql`name`, last_seen_at: sql`(select ${clock(p)})` })}
        from unnest(${p.names}::text[]) as name order by name collate "C"
        on conflict (namespace, agent) do update
          set last_seen_at = greatest(seen_agents.last_seen_at, excluded.last_seen_at)
      ), outdated as materialized (
        select ctid from seen_agents
        where namespace = ${p.namespace} and agent <> all (${p.names}::text[]) and last_seen_at < (
          select last_seen_at from seen_agents where namespace = ${p.namespace}
          order by last_seen_at desc, agent offset ${sql.lit(limits.agentsKept - 1)} limit 1
        )
        limit ${sql.lit(forgottenAtOnce)} for update skip locked
      )
      delete from seen_agents where ctid = any (array(select ctid from outdated))`),
  );
  return async ({ namespace, names }) => {
    await note({ namespace, names: [...new Set(names)] });
  };
}
