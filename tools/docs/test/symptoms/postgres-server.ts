import { startPostgresServer } from '@org/store-kysely/testing';
import type { Symptoms } from './symptoms.js';

/** What needs a PostgreSQL server of its own. */
export const postgresServerSymptoms: Symptoms = {
  'The database refuses the password': async (scene) => {
    const postgres = await startPostgresServer({
      password: 'right',
      hba: ['host all all 127.0.0.1/32 scram-sha-256'],
    });
    scene.defer(postgres.remove);
    await scene.fail({ DATABASE_URL: Object.assign(new URL(postgres.url), { password: 'wrong' }).href });
  },

  'The database goes away while the server runs': async (scene) => {
    const postgres = await startPostgresServer();
    scene.defer(postgres.remove);
    const server = await scene.serve({ DATABASE_URL: postgres.url });
    await server.call('registerSession', { sessionKey: 'work', agent: 'planner' });
    await postgres.stop('immediate');
    await server.call('listSessions', {});
    const ready = await fetch(`${server.url}/ready`);
    scene.note(`HTTP ${ready.status} ${await ready.text()}`);
  },
};
