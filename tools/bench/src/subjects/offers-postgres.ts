import { createContextStore } from '@org/domain';
import { postgresProcesses } from '@org/measure/cpu';
import { createPostgresStore } from '@org/store-kysely/postgres';
import { closedLoop } from '../closed-loop.js';
import { openRawPool } from '../postgres/raw-pool.js';
import { benchDatabase, owner, randomSession } from '../postgres/bench-database.js';
import { rawOffer } from '../postgres/one-statement-offer.js';
import type { Context, Measured, OpenSubject, Row, Subject } from '../row.js';

const poolSize = 8;

export const offersPostgres: Subject = {
  name: 'offers-postgres',
  title: 'requestHandoff of the library on PostgreSQL',
  open,
};

async function open(context: Context): Promise<OpenSubject> {
  const { effort, resources } = context;
  const sessions = effort.isQuick ? 50 : 1000;
  const database = await benchDatabase(context, sessions);
  const contextStore = createContextStore(
    { store: await createPostgresStore({ url: database.url, poolSize }) },
    { agent: owner },
  );
  resources.defer(() => contextStore.close());
  const pool = openRawPool(context, database.url, poolSize);

  const parts = { process: () => [process.pid], database: () => postgresProcesses(database.name) };
  const offering = (name: string, callers: number, offer: (sessionKey: string) => Promise<unknown>): Measured => ({
    name,
    measure: async () => {
      await database.reset();
      return closedLoop({ ...context, callers, parts }, () => offer(randomSession(sessions)));
    },
  });
  const targetAgent = 'builder';
  const rowOf = (callers: number, name: string): Row => ({
    name,
    ours: offering('library', callers, (sessionKey) =>
      contextStore.requestHandoff({ sessionKey, requestType: 'context_transfer', targetAgent }),
    ),
    limit: offering('raw pg, one statement', callers, (sessionKey) => pool.query(rawOffer(sessionKey, targetAgent))),
  });
  return { rows: [rowOf(1, '1 caller'), rowOf(8, '8 callers')], settings: database.settings };
}
