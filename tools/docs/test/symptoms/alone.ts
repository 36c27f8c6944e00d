import { once } from 'node:events';
import { open, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { DatabaseSync } from 'node:sqlite';
import { unusedPort } from '@org/store-kysely/testing';
import { startOtlpReceiver } from '@org/telemetry-otel/testing';
import { expect, onTestFinished } from 'vitest';
import type { Env, Scene, Server } from '../scene.js';
import type { Symptoms } from './symptoms.js';

const inMemory = { DATABASE_URL: 'sqlite::memory:' };

const work = { sessionKey: 'work', agent: 'planner' };
const note = (content: string) => ({ ...work, contextType: 'message', content });

async function serveWithWork(scene: Scene, env: Env = inMemory): Promise<Server> {
  const server = await scene.serve(env);
  await server.call('registerSession', work);
  return server;
}

async function createKey(scene: Scene, file: string, scopes: string): Promise<string> {
  const args = ['keys', 'create', 'client', '--scopes', scopes];
  const child = scene.launch('context-store', { API_KEYS_FILE: file }, args);
  const [key] = (await once(child.stdout, 'data')) as [Buffer];
  await once(child, 'close');
  return String(key).trim();
}

/** A handoff of the session, of which the id is returned. Default: an offer of its owner. */
async function offer(server: Server, request: object = { requestType: 'full_handoff' }): Promise<string> {
  const answer = await server.call('requestHandoff', { ...work, ...request });
  return /"handoffId":"([^"]+)"/.exec(answer)?.[1] ?? '';
}

const ask = { requestType: 'take_over', agent: 'rescuer' };

/** What needs no other service. */
export const aloneSymptoms: Symptoms = {
  'The port is taken': async (scene) => {
    const { url } = await scene.serve(inMemory);
    await scene.fail({ ...inMemory, PORT: new URL(url).port });
  },

  'The metrics cannot be scraped': async (scene) => {
    const { url } = await scene.serve(inMemory);
    await scene.serve({ ...inMemory, METRICS_PORT: new URL(url).port });
  },

  'It will not listen on an address that others can reach': (scene) => scene.fail({ ...inMemory, HOST: '0.0.0.0' }),

  'The database cannot be reached at the start': async (scene) =>
    scene.fail({ DATABASE_URL: `postgres://context@127.0.0.1:${await unusedPort()}/context` }),

  'The process runs out of memory': async (scene) => {
    await once(scene.launch('mcp-http', { ...inMemory, NODE_OPTIONS: '--max-old-space-size=8' }), 'close');
  },

  'The file cannot be written': (scene) => scene.fail({ DATABASE_URL: 'sqlite:/proc/no/such/folder/context.db' }),

  'There is no home folder': (scene) => scene.fail({ XDG_DATA_HOME: '', HOME: '' }),

  'The SQLite driver cannot be loaded': (scene) => scene.fail({ ...inMemory, NODE_OPTIONS: '--no-addons' }),

  'The file is no database, or not ours': async (scene) => {
    const letter = join(scene.folder, 'letter.db');
    await writeFile(letter, 'Dear reader, this is a letter.\n'.repeat(100));
    await scene.fail({ DATABASE_URL: `sqlite:${letter}` });
    const foreign = join(scene.folder, 'foreign.db');
    const database = new DatabaseSync(foreign);
    database.exec('create table recipes (name text)');
    database.close();
    await scene.fail({ DATABASE_URL: `sqlite:${foreign}` });
  },

  'The file is damaged': async (scene) => {
    const path = join(scene.folder, 'context.db');
    const database = new DatabaseSync(path);
    database.exec('create table some (content text)');
    database.close();
    const file = await open(path, 'r+');
    await file.write(Buffer.alloc(2000, 0xff), 0, 2000, 100);
    await file.close();
    await scene.fail({ DATABASE_URL: `sqlite:${path}` });
  },

  'The SQLite file was removed or replaced': async (scene) => {
    const path = join(scene.folder, 'context.db');
    const { url } = await scene.serve({ DATABASE_URL: `sqlite:${path}` });
    await rename(path, `${path}.away`);
    const unready = await fetch(`${url}/ready`);
    scene.note(`HTTP ${unready.status} ${await unready.text()}`);
    await rename(`${path}.away`, path);
    await expect.poll(async () => (await fetch(`${url}/ready`)).status).toBe(200);
  },

  'The schema is older than the program': (scene) =>
    scene.fail({ DATABASE_URL: `sqlite:${join(scene.folder, 'context.db')}`, DATABASE_MIGRATE: 'false' }),

  '403: the host is not allowed': async (scene) => {
    const { url } = await scene.serve({ ...inMemory, HOST: '0.0.0.0', AUTH_MODE: 'none' });
    await scene.post(url, {}, { host: 'context.example.com' });
  },

  '403: the origin is not allowed': async (scene) => {
    const { url } = await scene.serve(inMemory);
    await scene.post(url, {}, { origin: 'https://app.example.com' });
  },

  '401 or 403 with an API key': async (scene) => {
    const file = join(scene.folder, 'keys.jsonl');
    const key = await createKey(scene, file, 'context:read');
    const server = await scene.serve({ ...inMemory, API_KEYS_FILE: file });
    await server.call('listSessions', {});
    await server.call('listSessions', {}, { authorization: `Bearer csk_other.${'x'.repeat(43)}` });
    await server.call('registerSession', work, { authorization: `Bearer ${key}` });
  },

  '400: no agent name': async (scene) => {
    const server = await scene.serve(inMemory);
    await server.call('listSessions', {}, { 'Context-Agent': 'my agent' });
  },

  'No agent takes an offer': async (scene) => {
    const server = await serveWithWork(scene);
    await server.call('listHandoffs', { agent: 'builder' });
    await server.call('requestHandoff', { ...work, requestType: 'full_handoff', targetAgent: 'Builder' });
  },

  'An entry or a message is too large': async (scene) => {
    const server = await serveWithWork(scene, { ...inMemory, MAX_CONTENT_BYTES: '1000' });
    await server.call('updateContext', note('x'.repeat(1001)));
    await server.call('updateContext', note('x'.repeat(2_000_000)));
  },

  RATE_LIMITED: async (scene) => {
    const server = await scene.serve({ ...inMemory, RATE_LIMIT_PER_SECOND: '1' });
    await Promise.all(Array.from({ length: 20 }, () => server.call('listSessions', {})));
  },

  'OVERLOADED: too many calls at once': async (scene) => {
    const server = await scene.serve({ ...inMemory, MAX_WAITING_CALLS: '0' });
    await server.call('listHandoffs', { agent: 'planner', waitSeconds: 1 });
  },

  'agent: missing': async (scene) => {
    const server = await scene.serve(inMemory);
    await server.call('registerSession', { sessionKey: 'work' });
  },

  SESSION_EXPIRED: async (scene) => {
    const server = await scene.serve(inMemory);
    await server.call('registerSession', { ...work, ttlSeconds: 1 });
    await expect.poll(() => server.call('listSessions', {})).toContain('"expired"');
    await server.call('updateContext', note('late'));
  },

  'OWNERSHIP_LOST after a handoff': async (scene) => {
    const server = await serveWithWork(scene);
    await server.call('acceptHandoff', { handoffId: await offer(server), agent: 'builder' });
    await server.call('updateContext', note('late'));
    const hasty = { ...inMemory, TAKE_OVER_AFTER_SECONDS: '1', TAKE_OVER_BY: 'namespace' };
    const another = await serveWithWork(scene, hasty);
    const take = { handoffId: await offer(another, ask), agent: 'rescuer' };
    await expect.poll(() => another.call('acceptHandoff', take), { timeout: 10_000 }).toContain('"tookOver"');
    await another.call('updateContext', note('late'));
    const leased = await serveWithWork(scene);
    await leased.call('acceptHandoff', { handoffId: await offer(leased), agent: 'builder', leaseSeconds: 1 });
    const late = { ...note('late'), agent: 'builder' };
    await setTimeout(1100);
    await leased.call('updateContext', late);
  },

  HANDOFF_CLAIMED: async (scene) => {
    const env = { DATABASE_URL: `sqlite:${join(scene.folder, 'context.db')}` };
    const server = await serveWithWork(scene, env);
    const handoffId = await offer(server);
    for (let process = 0; process < 2; process += 1) {
      await scene.speak({ ...env, CONTEXT_AGENT: 'builder' }).call('acceptHandoff', { handoffId });
    }
    await server.call('acceptHandoff', { handoffId, agent: 'somebody-else' });
  },

  TAKE_OVER_TOO_EARLY: async (scene) => {
    const server = await serveWithWork(scene, { ...inMemory, TAKE_OVER_BY: 'namespace' });
    await server.call('acceptHandoff', { handoffId: await offer(server, ask), agent: 'rescuer' });
    await server.call('acceptHandoff', { handoffId: await offer(server), agent: 'builder', leaseSeconds: 60 });
    await offer(server, ask);
  },

  'FORBIDDEN: an agent may not ask for a session': async (scene) => {
    await offer(await serveWithWork(scene), { ...ask, agent: 'visitor' });
  },

  'Two clients do not see the same sessions': async (scene) => {
    const [file, other] = [`sqlite:${scene.folder}/context.db`, `sqlite:${scene.folder}/other.db`];
    await serveWithWork(scene, { DATABASE_URL: file, CONTEXT_NAMESPACE: 'team' });
    const inOtherNamespace = await scene.serve({ DATABASE_URL: file });
    const onOtherFile = await scene.serve({ DATABASE_URL: other, CONTEXT_NAMESPACE: 'team' });
    for (const server of [inOtherNamespace, onOtherFile]) {
      expect(await server.call('getContext', work)).toContain('SESSION_NOT_FOUND');
    }
  },

  'Traces do not arrive': async (scene) => {
    const server = await scene.serve({
      ...inMemory,
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await unusedPort()}`,
      OTEL_BSP_SCHEDULE_DELAY: '20',
      OTEL_EXPORTER_OTLP_TIMEOUT: '1000',
    });
    await server.call('listSessions', {});
  },

  'Traces have gaps': async (scene) => {
    const receiver = await startOtlpReceiver();
    onTestFinished(receiver.close);
    receiver.mood = 'slow';
    const server = await scene.serve({
      ...inMemory,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_BSP_MAX_QUEUE_SIZE: '1',
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '1',
    });
    const shown = async (): Promise<string> => {
      await server.call('listSessions', {});
      return scene.shown();
    };
    await expect.poll(shown, { timeout: 20_000 }).toContain('more slowly');
  },
};
