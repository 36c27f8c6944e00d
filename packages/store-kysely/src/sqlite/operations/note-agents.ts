import { limits, type NoteAgents } from '@org/domain';
import { sql } from 'kysely';
import type { Placeholders } from '../../prepared-query.js';
import type { Connection } from '../connection/connection.js';
import { db } from '../connection/query-builder.js';
import type { Operation } from './operation.js';

/** Notes the names, and forgets those that are older than the newest ones that are kept. */
export function prepareNoteAgents(connection: Connection): Operation<NoteAgents, void> {
  const note = prepareNote(connection);
  const forget = prepareForget(connection);
  return ({ namespace, names }, nowMs) => {
    for (const name of names) note.run({ namespace, name, nowMs });
    forget.run({ namespace });
  };
}

interface NoteArguments {
  readonly namespace: string;
  readonly name: string;
  readonly nowMs: number;
}

const prepareNote = (connection: Connection) =>
  connection.prepare((p: Placeholders<NoteArguments>) =>
    db
      .insertInto('seen_agents')
      .values({ namespace: p.namespace, agent: p.name, last_seen_at: p.nowMs })
      .onConflict((conflict) =>
        conflict
          .columns(['namespace', 'agent'])
          .doUpdateSet({ last_seen_at: sql`max(seen_agents.last_seen_at, excluded.last_seen_at)` }),
      ),
  );

const prepareForget = (connection: Connection) =>
  connection.prepare((p: Placeholders<{ namespace: string }>) =>
    db
      .deleteFrom('seen_agents')
      .where('namespace', '=', p.namespace)
      .where('last_seen_at', '<', (eb) =>
        eb
          .selectFrom('seen_agents')
          .select('last_seen_at')
          .where('namespace', '=', p.namespace)
          .orderBy('last_seen_at', 'desc')
          .orderBy('agent')
          .limit(1)
          .offset(sql.lit(limits.agentsKept - 1)),
      ),
  );
