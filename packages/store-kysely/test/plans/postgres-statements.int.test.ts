import { randomUUID } from 'node:crypto';
import { noTelemetry, type Store } from '@org/domain';
import { createPostgresStore } from '@org/store-kysely/postgres';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { appendWork, offerWork, readWork } from '../support/requests.js';
import { temporaryDatabase, type TemporaryDatabase } from '@org/store-kysely/testing';

describe('the statements of', () => {
  let database: TemporaryDatabase;
  let store: Store;
  let run: string[] = [];
  let session: { readonly namespace: string; readonly sessionKey: string };

  beforeAll(async () => {
    database = await temporaryDatabase();
    store = await createPostgresStore({
      url: database.url,
      poolSize: 2,
      telemetry: { ...noTelemetry, recordStatement: (statement) => run.push(statement) },
    });
  });
  afterAll(async () => {
    await store.close();
    await database.drop();
  });
  beforeEach(async () => {
    session = { namespace: 'default', sessionKey: randomUUID() };
    await create(session.sessionKey);
    run = [];
  });

  const create = (sessionKey: string, ifExists: 'error' | 'resume' = 'error'): Promise<unknown> =>
    store.createSession({ ...session, sessionKey, agent: 'planner', metadata: {}, ifExists });
  const idempotency = (key: string) => ({ key, tool: 'tool', requestHash: 'hash' });
  const offer = (handoffId: string): Promise<unknown> => store.createHandoff({ ...offerWork(handoffId), ...session });
  const claim = (handoffId: string): Promise<unknown> =>
    store.claimHandoff({ namespace: session.namespace, agent: 'implementer', handoffId });

  it('a creation and a resume', async () => {
    await create('another');
    await create('another', 'resume');
    expect(run).toEqual(['create_session', 'create_session']);
    await expect(create('another')).rejects.toMatchObject({ code: 'SESSION_EXISTS' });
    expect(run.slice(2)).toEqual(['create_session', 'read_session_situation']);
  });

  it('appends: one for all that arrive together, and one more for those that are refused', async () => {
    await store.appendEntry(appendWork('a', session));
    expect(run).toEqual(['append_entry']);
    await Promise.all(Array.from({ length: 100 }, (_, index) => store.appendEntry(appendWork(`${index}`, session))));
    expect(run.slice(1)).toEqual(['append_entries']);
    await store.appendEntry(appendWork('a', { ...session, idempotency: idempotency('k') }));
    await store.appendEntry(appendWork('a', { ...session, idempotency: idempotency('k') }));
    expect(run.slice(2)).toEqual(['append_entries_once', 'append_entries_once']);
    await expect(store.appendEntry(appendWork('a', { ...session, agent: 'outsider' }))).rejects.toMatchObject({
      code: 'NOT_A_PARTICIPANT',
    });
    expect(run.slice(4)).toEqual(['append_entry', 'read_session_situation']);
  });

  it('reads', async () => {
    await store.readSession(session);
    await store.readEntries({ ...readWork(), ...session });
    await store.readEntries({ ...readWork(), ...session, direction: 'descending' });
    await store.readTail({ ...readWork(), ...session, pageSize: 16 });
    await store.readLogEnd(session);
    await store.readBriefing({ ...session, pinnedLimit: 5, newestLimit: 5, maxContentLength: 100 });
    await store.listSessions({ namespace: 'default', limit: 5, dormantAfterMs: 1 });
    await store.listSessionKeys({ namespace: 'default', prefix: '', limit: 5 });
    const list = { namespace: 'default', agent: 'a', roles: [], limit: 5 };
    await store.listHandoffs({ ...list, direction: 'outbox' });
    await store.listHandoffs({ ...list, direction: 'inbox' });
    await store.listHandoffs({ ...list, direction: 'inbox', status: 'pending' });
    const projects = ['ours', null];
    await store.listSessions({ namespace: 'default', projects, limit: 5, dormantAfterMs: 1 });
    await store.listHandoffs({ ...list, projects, direction: 'outbox' });
    await store.listHandoffs({ ...list, projects, direction: 'inbox', status: 'pending' });
    const unknown = { namespace: 'default', handoffId: 'none' };
    await expect(store.readHandoff(unknown)).rejects.toMatchObject({ code: 'HANDOFF_NOT_FOUND' });
    await store.ping();
    expect(run).toEqual([
      'read_session',
      'read_entries_ascending',
      'read_entries_descending',
      'read_tail',
      'read_log_ends',
      'read_briefing',
      'list_sessions',
      'list_session_keys',
      'list_outbox',
      'list_inbox',
      'list_inbox',
      'list_sessions_of_projects',
      'list_outbox_of_project',
      'list_inbox_of_project',
      'read_handoff',
      'ping',
    ]);
  });

  it('a hundred looks at the ends of logs that arrive together', async () => {
    const unknown = { ...session, sessionKey: 'unknown' };
    const looks = Array.from({ length: 100 }, (_, index) => store.readLogEnd(index % 2 === 0 ? session : unknown));
    const outcomes = await Promise.allSettled(looks);
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(50);
    expect(run).toEqual(['read_log_ends', 'read_log_ends']);
  });

  it('a look at the end of a log whose key the database refuses: none of the others fails', async () => {
    const refused = { ...session, sessionKey: 'a\0' };
    const outcomes = await Promise.allSettled([session, refused, session].map((each) => store.readLogEnd(each)));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(run).toHaveLength(4);
  });

  it('an update', async () => {
    await store.updateSession({ ...session, agent: 'planner', title: 'new' });
    expect(run).toEqual(['read_session_situation', 'update_session']);
  });

  it('a move to another project, however many offers move', async () => {
    for (const id of [1, 2, 3]) await offer(`${session.sessionKey}-${id}`);
    run = [];
    await store.updateSession({ ...session, agent: 'planner', project: 'ours' });
    expect(run).toEqual(['read_session_situation', 'move_session']);
    await store.updateSession({ ...session, agent: 'planner', project: 'ours' });
    expect(run.slice(2)).toEqual(['read_session_situation', 'update_session']);
  });

  it('an offer, its claim, and its end', async () => {
    const handoffId = randomUUID();
    await offer(handoffId);
    expect(run).toEqual(['offer_handoff']);
    await claim(handoffId);
    expect(run.slice(1)).toEqual(['read_handoff_situation', 'claim_handoff']);
    await claim(handoffId);
    expect(run.slice(3)).toEqual(['read_handoff_situation']);
    const { namespace } = session;
    await store.resolveHandoff({ namespace, handoffId, agent: 'implementer', outcome: 'completed' });
    expect(run.slice(4)).toEqual(['read_handoff_situation', 'resolve_handoff']);
  });

  it('a request to take over and its acceptance, no more than of an offer', async () => {
    const handoffId = randomUUID();
    const rescuer = { namespace: session.namespace, agent: 'rescuer', handoffId };
    const request = { requestType: 'take_over', takeOverBy: 'namespace' } as const;
    await store.createHandoff({ ...offerWork(handoffId), ...session, ...rescuer, ...request });
    expect(run).toEqual(['read_take_over_situation', 'create_handoff']);
    await store.appendEntry(appendWork('a', session));
    expect(run.slice(2)).toEqual(['append_entry']);
    await expect(store.claimHandoff(rescuer)).rejects.toMatchObject({ code: 'TAKE_OVER_TOO_EARLY' });
    expect(run.slice(3)).toEqual(['read_handoff_situation']);
    await store.claimHandoff({ ...rescuer, takeOverAfterMs: 0 });
    expect(run.slice(4)).toEqual(['read_handoff_situation', 'accept_take_over']);
    await store.takeOverSession({ ...session, agent: 'planner' });
    expect(run.slice(6)).toEqual(['read_session_situation', 'take_over_session']);
  });

  it('a page of an inbox: one more where senders take turns', async () => {
    const targetAgent = 'turned-to';
    const list = { namespace: session.namespace, agent: targetAgent, direction: 'inbox', roles: [], limit: 2 } as const;
    for (const id of ['a', 'b', 'c']) await store.createHandoff(offerWork(id, { ...session, targetAgent }));
    run = [];
    await store.listHandoffs({ ...list, status: 'pending' });
    expect(run).toEqual(['list_inbox']);
    const other = { namespace: session.namespace, sessionKey: randomUUID(), agent: 'reviewer' };
    await store.createSession({ ...other, metadata: {}, ifExists: 'error' });
    await store.createHandoff(offerWork('d', { ...other, targetAgent }));
    run = [];
    const { handoffs } = await store.listHandoffs({ ...list, status: 'pending' });
    expect(handoffs.map(({ handoffId }) => handoffId)).toEqual(['a', 'd']);
    expect(run).toEqual(['list_inbox', 'read_listed']);
  });

  it('a read mark', async () => {
    await store.appendEntry(appendWork('a', session));
    await store.markRead({ ...session, agent: 'reviewer' });
    await store.markRead({ ...session, agent: 'reviewer', sequence: 1 });
    expect(run.slice(1)).toEqual(['read_mark', 'move_mark']);
  });

  it('a look into a thousand inboxes, and the counts of a namespace', async () => {
    const { namespace } = session;
    await store.peekInboxes(
      Array.from({ length: 1000 }, (_, index) => ({ namespace, agent: `agent-${index}`, roles: ['a', 'b'], after: 0 })),
    );
    await store.countNamespace({ namespace, limit: 10 });
    expect(run).toEqual(['peek_inboxes', 'count_namespace']);
  });

  it('a lease: no more than without, until it lapses', async () => {
    const handoffId = randomUUID();
    const { namespace } = session;
    const agent = 'implementer';
    await offer(handoffId);
    await store.claimHandoff({ namespace, agent, handoffId, leaseMs: 60_000 });
    await store.claimHandoff({ namespace, agent, handoffId });
    await store.appendEntry(appendWork('a', { ...session, agent }));
    expect(run.slice(1)).toEqual([
      'read_handoff_situation',
      'claim_handoff',
      'read_handoff_situation',
      'renew_lease',
      'append_entry',
    ]);
    await database.query(`update sessions set lease_expires_at = now() where lease_ms is not null`);
    await database.query(`update handoffs set lease_check_at = now() where lease_check_at is not null`);
    run = [];
    await store.readSession(session);
    await vi.waitFor(() => expect(run).toEqual(['read_session', 'check_leases', 'settle_leases']));
    await store.readSession(session);
    expect(run.slice(3)).toEqual(['read_session']);
  });

  it('names that were seen', async () => {
    const { namespace } = session;
    await store.noteAgents({ namespace, names: ['planner', 'implementer', 'role:builder'] });
    await store.listAgents({ namespace, limit: 5 });
    expect(run).toEqual(['note_agents', 'list_agents']);
  });

  it('a deletion', async () => {
    await store.deleteSession(session);
    expect(run).toEqual(['find_session', 'delete_session']);
  });

  it('any call are the same without names', async () => {
    const unnamed = await createPostgresStore({ url: database.url, transactionPooler: true });
    await unnamed.appendEntry(appendWork('a', session));
    expect((await unnamed.readEntries({ ...readWork(), ...session })).entries).toHaveLength(1);
    await unnamed.close();
  });
});
