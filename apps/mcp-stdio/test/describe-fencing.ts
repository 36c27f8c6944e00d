import { describe, expect, it, onTestFinished } from 'vitest';
import { connect, type Env } from './mcp-stdio.js';

type Client = Awaited<ReturnType<typeof connect>>;
type Answer = Record<string, unknown>;

const call = async (client: Client, name: string, args: Record<string, unknown>): Promise<Answer> =>
  (await client.callTool({ name, arguments: args }))['structuredContent'] as Answer;

const entry = { sessionKey: 'work', contextType: 'message', content: 'x' };
const lost = { code: 'OWNERSHIP_LOST' };

/**
 * Tests of processes with one agent name on one database, each with an official client.
 *
 * @param open returns the variables of a database, or a namespace, without sessions
 */
export function describeFencing(database: string, open: () => Promise<Env>): void {
  async function start(count: number, agent: string, data: Env): Promise<Client[]> {
    const env = { ...data, CONTEXT_AGENT: agent };
    const kinds = ['v2 client, legacy', 'v2 client, modern'] as const;
    const clients = await Promise.all(
      Array.from({ length: count }, (_, index) => connect(kinds[index % 2] ?? kinds[0], `client-${index}`, env)),
    );
    onTestFinished(async () => void (await Promise.all(clients.map((client) => client.close()))));
    return clients;
  }

  /** Hands a session from the older process to the newer one, which accepts the offer with a lease. */
  async function handedOn(): Promise<{ older: Client; newer: Client; handoffId: string }> {
    const [older, newer] = (await start(2, 'me', await open())) as [Client, Client];
    await call(older, 'registerSession', { sessionKey: 'work' });
    await call(older, 'requestHandoff', { sessionKey: 'work', targetAgent: 'me', requestType: 'full_handoff' });
    const { handoffs } = (await call(newer, 'listHandoffs', {})) as { handoffs: { handoffId: string }[] };
    const handoffId = handoffs[0]?.handoffId ?? '';
    await call(newer, 'acceptHandoff', { handoffId, leaseSeconds: 600 });
    return { older, newer, handoffId };
  }

  describe(`two processes of one agent on ${database}`, () => {
    it('the older one cannot write after a handoff, until it resumes the session', async () => {
      const { older, newer } = await handedOn();
      expect(await call(newer, 'updateContext', entry)).toMatchObject({ sequence: 1, epoch: 2 });
      expect(await call(older, 'updateContext', entry)).toMatchObject(lost);
      expect(await call(older, 'updateContext', entry)).toMatchObject(lost);
      await call(older, 'registerSession', { sessionKey: 'work', ifExists: 'resume' });
      expect(await call(older, 'updateContext', entry)).toMatchObject({ sequence: 2, epoch: 2 });
    });

    it.each(['returned', 'completed'])('only the newer one can resolve the handoff as %s', async (outcome) => {
      const { older, newer, handoffId } = await handedOn();
      const end = { handoffId, outcome };
      expect(await call(older, 'resolveHandoff', end)).toMatchObject(lost);
      expect(await call(older, 'resolveHandoff', { ...end, idempotencyKey: 'end' })).toMatchObject(lost);
      expect(await call(newer, 'updateContext', entry)).toMatchObject({ sequence: 1, epoch: 2 });
      expect(await call(newer, 'resolveHandoff', end)).toMatchObject({ handoff: { status: outcome } });
    });

    it('the older one cannot cancel or reject an offer of the newer one', async () => {
      const { older, newer } = await handedOn();
      const offer = { sessionKey: 'work', targetAgent: 'me', requestType: 'full_handoff' };
      await call(newer, 'requestHandoff', offer);
      const { handoffs } = (await call(older, 'listHandoffs', {})) as { handoffs: { handoffId: string }[] };
      const handoffId = handoffs[0]?.handoffId;
      for (const outcome of ['cancelled', 'rejected']) {
        expect(await call(older, 'resolveHandoff', { handoffId, outcome })).toMatchObject(lost);
      }
      expect(await call(newer, 'resolveHandoff', { handoffId, outcome: 'cancelled' })).toMatchObject({
        handoff: { status: 'cancelled' },
      });
    });

    it('a restarted one can resolve a handoff that its predecessor accepted, after it has resumed the session', async () => {
      const data = await open();
      const [older] = (await start(1, 'me', data)) as [Client];
      await call(older, 'registerSession', { sessionKey: 'work' });
      const offer = { sessionKey: 'work', targetAgent: 'me', requestType: 'full_handoff' };
      const { handoff } = (await call(older, 'requestHandoff', offer)) as { handoff: { handoffId: string } };
      await call(older, 'acceptHandoff', { handoffId: handoff.handoffId });
      const [restarted] = (await start(1, 'me', data)) as [Client];
      const end = { handoffId: handoff.handoffId, outcome: 'completed' };
      expect(await call(restarted, 'resolveHandoff', end)).toMatchObject(lost);
      await call(restarted, 'registerSession', { sessionKey: 'work', ifExists: 'resume' });
      expect(await call(restarted, 'resolveHandoff', end)).toMatchObject({ handoff: { status: 'completed' } });
    });

    it('exactly one of them accepts an offer', async () => {
      const data = await open();
      const clients = await start(2, 'builder', data);
      const [planner] = (await start(1, 'planner', data)) as [Client];
      await call(planner, 'registerSession', { sessionKey: 'work' });
      const offered = { sessionKey: 'work', targetAgent: 'role:builder', requestType: 'full_handoff' };
      const { handoff } = (await call(planner, 'requestHandoff', offered)) as { handoff: { handoffId: string } };
      const { handoffId } = handoff;
      const answers = await Promise.all(clients.map((client) => call(client, 'acceptHandoff', { handoffId })));
      const winner = answers.findIndex((answer) => answer['session'] !== undefined);
      expect(answers[1 - winner]).toMatchObject({ code: 'HANDOFF_CLAIMED' });
      const again = await call(clients[winner] as Client, 'acceptHandoff', { handoffId });
      expect(again).toMatchObject({ replayed: true });
    });
  });
}
