import { startPostgresServer } from '@org/store-kysely/testing';
import type { Symptoms } from './symptoms.js';

/** Symptoms that need a separate PostgreSQL server. */
export const postgresServerSymptoms: Symptoms = {
  'The database refuses the password': async (scene) => {
    const postgres = await startPostgresServer({
      password: 'right',
      hba: ['host all all 127.0.0.1/32 scram-sha-256'],
    });
    scene.defer(postgres.remove);
    await scene.fail({ DATABASE_URL: Object.assign(new URL(postgres.url), { password: 'wrong' }).href });
  },

  'The database accepts no more connections': async (scene) => {
    const postgres = await startPostgresServer({ settings: { max_connections: 1, superuser_reserved_connections: 0 } });
    scene.defer(postgres.remove);
    const database = { DATABASE_URL: postgres.url, DATABASE_POOL_SIZE: '1' };
    const server = await scene.serve(database);
    // It keeps its connection for what comes next.
    await server.call('listSessions', {});
    await scene.fail(database);
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
