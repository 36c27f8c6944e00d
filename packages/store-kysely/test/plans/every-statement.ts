import { setTimeout } from 'node:timers/promises';
import type { SessionRef } from '@org/domain';
import type { prepareOperations } from '../../src/postgres/operations/operations.js';
import { appendWork, createWork, offerWork, readWork } from '../support/requests.js';

export type Operations = ReturnType<typeof prepareOperations>;

/** The session and the owner of a round of calls. */
export interface Round extends SessionRef {
  readonly owner: string;
  /** Is part of the names of all that this round makes, so that they are unique. */
  readonly name: string;
}

/** Makes calls that run every statement of the store on the session of a round. At the end, the owner has it again. */
export async function runEveryStatement(operations: Operations, { owner: agent, name, ...ref }: Round): Promise<void> {
  const { namespace } = ref;
  const target = { namespace, agent: 'implementer' };
  const handoffId = `offer-${name}`;
  const idempotency = { key: `key-${name}`, tool: 'tool', requestHash: 'hash' };
  const once = (what: string) => ({ ...idempotency, key: `${what}-${name}` });
  await operations.ping();
  await operations.readChangeMark();
  await operations.createSession({ ...createWork, namespace, sessionKey: `session-${name}`, agent, idempotency });
  await operations.readSession(ref);
  await operations.appendEntry(appendWork('a', { ...ref, agent }));
  await operations.appendEntry(appendWork('a', { ...ref, agent, idempotency }));
  await Promise.all([1, 2].map(() => operations.appendEntry(appendWork('a', { ...ref, agent }))));
  const two = [ref, { namespace, sessionKey: `session-${name}` }];
  await Promise.all(two.map((each) => operations.appendEntry(appendWork('a', { ...each, agent }))));
  const second = { ...idempotency, key: `second-${name}` };
  await Promise.all(
    two.map((each) => operations.appendEntry(appendWork('a', { ...each, agent, idempotency: second }))),
  );
  const third = { ...idempotency, key: `third-${name}` };
  await operations
    .appendEntry(appendWork('a', { ...ref, agent, idempotency: third, expectedSequence: 0 }))
    .catch(() => undefined);
  await operations.readEntries({ ...readWork(), ...ref, limit: 20 });
  await operations.readEntries({ ...readWork(), ...ref, limit: 20, direction: 'descending' });
  await operations.readTail({ ...readWork(), ...ref, direction: 'descending', limit: 100, pageSize: 16 });
  await Promise.all(two.map((each) => operations.readLogEnd(each)));
  await operations.readBriefing({ ...ref, pinnedLimit: 10, newestLimit: 20, maxContentLength: 1000 });
  await operations.updateSession({ ...ref, agent, title: name });
  await operations.updateSession({ ...ref, agent, title: name, idempotency: once('update') });
  await moveSession(operations, { owner: agent, name, ...ref });
  await operations.createHandoff(offerWork(handoffId, { ...ref, agent, targetAgent: target.agent }));
  await operations.claimHandoff({ ...target, handoffId });
  await operations.claimHandoff({ ...target, handoffId, idempotency });
  await operations.resolveHandoff({ ...target, handoffId, outcome: 'returned' });
  const offer = offerWork(`once-${name}`, { ...ref, agent, targetAgent: target.agent });
  await operations.createHandoff({ ...offer, idempotency: once('offer') });
  const offered = { ...target, handoffId: offer.handoffId };
  await operations.claimHandoff({ ...offered, idempotency: once('claim') });
  await operations.resolveHandoff({ ...offered, outcome: 'returned', idempotency: once('resolve') });
  await runLeaseStatements(operations, { owner: agent, name, ...ref });
  await runTakeOverStatements(operations, { owner: agent, name, ...ref });
  await operations.markRead({ ...ref, agent });
  await operations.markRead({ ...ref, agent, sequence: 1 });
  await operations.listSessions({ namespace, limit: 20, dormantAfterMs: 1 });
  await operations.listSessionKeys({ namespace, prefix: 'session-', limit: 20 });
  await operations.noteAgents({ namespace, names: [agent, target.agent] });
  await operations.listAgents({ namespace, limit: 20 });
  await operations.countNamespace({ namespace, limit: 20 });
  await operations.peekInboxes([{ ...target, roles: ['builder'], after: 0 }]);
  const projects = ['ours', null];
  await operations.peekInboxes([{ ...target, roles: ['builder'], projects, after: 0 }]);
  const inbox = { ...target, direction: 'inbox', roles: ['builder'], limit: 20 } as const;
  await operations.listHandoffs(inbox);
  await operations.listHandoffs({ ...inbox, status: 'pending' });
  await operations.listHandoffs({ ...inbox, projects, status: 'pending' });
  await operations.listHandoffs({ ...inbox, agent, direction: 'outbox' });
  await operations.listHandoffs({ ...inbox, agent, projects, direction: 'outbox' });
  await operations.listSessions({ namespace, projects, limit: 20, dormantAfterMs: 1 });
  await listTurns(operations, namespace, name);
  await operations.deleteSession({ namespace, sessionKey: `session-${name}` });
}

/** Lets an operator give the session to another agent, and back. Takes it over twice, with and without an idempotency key, so that the owner has it again. */
async function runTakeOverStatements(operations: Operations, { owner, name, ...ref }: Round): Promise<void> {
  for (const agent of ['rescuer', owner]) await operations.takeOverSession({ ...ref, agent });
  const turns = [
    { agent: 'rescuer', idempotency: undefined },
    { agent: owner, idempotency: { key: `take-${name}`, tool: 'tool', requestHash: 'hash' } },
  ];
  for (const { agent, idempotency } of turns) {
    const handoffId = `ask-${agent}-${name}`;
    const request = { requestType: 'take_over', takeOverBy: 'namespace' } as const;
    await operations.createHandoff(offerWork(`other-${handoffId}`, { ...ref, ...request, agent }));
    await operations.createHandoff(offerWork(handoffId, { ...ref, ...request, agent }));
    await operations.resolveHandoff({ ...ref, agent, handoffId, outcome: 'cancelled' });
    await operations.claimHandoff({
      namespace: ref.namespace,
      handoffId: `other-${handoffId}`,
      agent,
      idempotency,
      takeOverAfterMs: 0,
    });
  }
}

/** Moves a session with a pending offer to another project, and back. */
async function moveSession(operations: Operations, { owner: agent, name, namespace }: Round): Promise<void> {
  const ref = { namespace, sessionKey: `session-${name}`, agent };
  const offer = offerWork(`moved-${name}`, { ...ref, requestType: 'context_transfer' });
  await operations.createHandoff(offer);
  await operations.updateSession({ ...ref, project: 'ours' });
  const idempotency = { key: `move-${name}`, tool: 'tool', requestHash: 'hash' };
  await operations.updateSession({ ...ref, project: null, idempotency });
  await operations.resolveHandoff({ ...ref, handoffId: offer.handoffId, outcome: 'cancelled' });
}

/** Lists a page on which the first offer of one sender replaces the second of another, and reads a handoff by its id. */
async function listTurns(operations: Operations, namespace: string, name: string): Promise<void> {
  const sessionOf = (agent: string) => ({ namespace, sessionKey: `${agent}-${name}`, agent });
  const [one, another] = [sessionOf('one'), sessionOf('another')];
  for (const session of [one, another]) await operations.createSession({ ...createWork, ...session });
  const target = { namespace, agent: `target-${name}` };
  for (const [index, session] of [one, one, another].entries()) {
    const offer = { ...session, targetAgent: target.agent, requestType: 'context_transfer' } as const;
    await operations.createHandoff(offerWork(`turn-${index}-${name}`, offer));
  }
  await operations.listHandoffs({ ...target, direction: 'inbox', roles: [], status: 'pending', limit: 2 });
  await operations.readHandoff({ namespace, handoffId: `turn-0-${name}` });
  for (const session of [one, another]) await operations.deleteSession(session);
}

/** Renews a lease, lets a write store the lapse of another, and stores the lapse of a third as after a read. */
async function runLeaseStatements(operations: Operations, { owner: agent, name, ...ref }: Round): Promise<void> {
  const claim = { namespace: ref.namespace, agent: 'implementer', handoffId: `leased-${name}` };
  await operations.createHandoff(offerWork(claim.handoffId, { ...ref, agent }));
  await operations.claimHandoff({ ...claim, leaseMs: 60_000 });
  await operations.claimHandoff(claim);
  await operations.resolveHandoff({ ...claim, outcome: 'returned' });
  const other = { namespace: ref.namespace, sessionKey: `session-${name}` };
  for (const [session, handoffId] of [
    [ref, `lapsing-${name}`],
    [other, `lapsing-too-${name}`],
  ] as const) {
    await operations.createHandoff(offerWork(handoffId, { ...session, agent }));
    await operations.claimHandoff({ ...claim, handoffId, leaseMs: 1 });
  }
  await setTimeout(5);
  await operations.appendEntry(appendWork('late', { ...ref, agent: 'implementer' })).catch(() => undefined);
  await operations.settleDueLeases(ref.namespace);
  await operations.expireOffers([]);
}
