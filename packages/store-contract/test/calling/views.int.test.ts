import { createContextStore, type Caller, type ContextStore } from '@org/domain';
import { expect, it } from 'vitest';
import { createMemoryStore } from '../../src/memory-store/memory-store.js';

const open = (): ContextStore =>
  createContextStore({ store: createMemoryStore() }, { agent: 'planner', namespace: 'acme' });

const whoami = async (store: ContextStore): Promise<string> => {
  const { session } = await store.registerSession({});
  return `${session.namespace} ${session.owner}`;
};

it('a view acts for its caller, and the store goes on as before', async () => {
  const store = open();
  expect(await whoami(store.as({ agent: 'builder' }))).toBe('acme builder');
  expect(await whoami(store.as({ namespace: 'globex' }))).toBe('globex planner');
  expect(await whoami(store.as({}))).toBe('acme planner');
  expect(await whoami(store)).toBe('acme planner');
});

it('views nest: each has the fields of the last view that gave them', async () => {
  const tenant = open().as({ namespace: 'globex', agent: 'builder' });
  expect(await whoami(tenant.as({ agent: 'reviewer' }))).toBe('globex reviewer');
  expect(await whoami(tenant.as({ namespace: 'initech' }).as({ agent: undefined }))).toBe('initech builder');
  const left = tenant.as({ signal: AbortSignal.abort('left') });
  await expect(left.listSessions({})).rejects.toBe('left');
  await expect(left.as({ signal: new AbortController().signal }).listSessions({})).resolves.toBeDefined();
});

it('a view acts as no other agent', async () => {
  const view = open().as({ agent: 'builder' });
  expect(view.actingAgent()).toBe('builder');
  expect(view.actingAgent('builder')).toBe('builder');
  await expect(view.listHandoffs({ agent: 'reviewer' })).rejects.toMatchObject({
    code: 'FORBIDDEN',
    message: 'This caller acts as agent builder alone; leave out agent, or pass builder.',
  });
});

it('processes of one agent are told apart', async () => {
  const store = open();
  await store.registerSession({ sessionKey: 'work' });
  const { handoff } = await store.requestHandoff({ sessionKey: 'work', requestType: 'full_handoff' });
  const [one, other] = ['1', '2'].map((process) => store.as({ agent: 'builder', process }));
  const { handoffId } = handoff;
  await one?.acceptHandoff({ handoffId });
  await expect(one?.acceptHandoff({ handoffId })).resolves.toMatchObject({ replayed: true });
  await expect(other?.acceptHandoff({ handoffId })).rejects.toMatchObject({ code: 'HANDOFF_CLAIMED' });
});

it.each<[object, string]>([
  [{ agnt: 'a' }, 'agnt: unknown; did you mean agent? Known are namespace, agent, project, process, signal. Correct'],
  [{ agent: 'a b' }, 'agent: 1 to 128 letters'],
  [{ namespace: 7 }, 'namespace: Invalid input: expected string'],
  [{ signal: new AbortController() }, 'signal: must be an AbortSignal'],
])('refuses a caller that is wrong: %o', (caller, problem) => {
  expect(() => open().as(caller as Caller)).toThrow(problem);
});

it('is closed at the end of its scope', async () => {
  let closed = 0;
  const memory = createMemoryStore();
  const close = (): Promise<void> => ((closed += 1), memory.close());
  const used = async (): Promise<ContextStore> => {
    await using store = createContextStore({ store: { ...memory, close } }, { agent: 'planner' });
    await store.registerSession({});
    return store;
  };
  const store = await used();
  expect(closed).toBe(1);
  await expect(store.listSessions({})).rejects.toMatchObject({ code: 'STORE_CLOSED' });
  await store.close();
});
