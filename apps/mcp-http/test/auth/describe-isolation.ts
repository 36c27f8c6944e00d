import { prompts, tools } from '@org/mcp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Holder } from '../support/ask.js';
import { AuthorizationServer, serverFor } from './authorization-server.js';
import type { HttpServerProcess } from '../support/mcp-http.js';
import { calls, namesOfNothing, type Names } from '../support/tool-calls.js';

const everything = 'context:read context:write handoff';
const secret = 'the-secret-of-beta';

/** Creates a session with a log, offers, read marks, recorded answers and cursors. All names and texts contain the mark. */
async function fill(holder: Holder, mark: string): Promise<Names> {
  const sessionKey = `${mark}-session`;
  const agent = `${mark}-agent`;
  const idempotencyKey = `${mark}-key`;
  const entry = { sessionKey, contextType: 'message', agent };
  await holder.result('registerSession', { sessionKey: `${mark}-older`, agent });
  await holder.result('registerSession', {
    sessionKey,
    agent,
    title: mark,
    ifExists: 'resume',
    idempotencyKey,
  });
  await holder.result('updateContext', { ...entry, content: 'x', idempotencyKey });
  for (const pinned of [true, false]) {
    await holder.result('updateContext', { ...entry, content: `${mark} text`, pinned });
  }
  await holder.result('getContext', { sessionKey, agent, ackSequence: 1 });
  const offer = { sessionKey, agent, requestType: 'full_handoff', summary: mark };
  await holder.result('requestHandoff', { ...offer, targetAgent: 'role:reviewer' });
  const { handoff } = await holder.result('requestHandoff', offer);
  return {
    sessionKey,
    agent,
    idempotencyKey,
    handoffId: (handoff as { handoffId: string }).handoffId,
    contextCursor: String((await holder.result('getContext', { sessionKey, limit: 1 }))['nextCursor']),
    sessionsCursor: String((await holder.result('listSessions', { limit: 1 }))['nextCursor']),
    handoffsCursor: String((await holder.result('listHandoffs', { agent }))['cursor']),
  };
}

/** Removes from an answer what the caller sent, and what differs in each answer. */
function comparable(answer: unknown, names: Names): string {
  let text = JSON.stringify(answer).replaceAll(
    /cursor(\\?":\\?")([\w-]+)/g,
    (_all, between: string, cursor: string) => {
      // Its first part is a hash of the arguments.
      const [, ...position] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
      return `cursor${between}${position.join()}`;
    },
  );
  for (const [name, value] of Object.entries(names)) text = text.replaceAll(String(value), `<${name}>`);
  return text
    .replaceAll(/"\\?requestId\\?":\\?"[^"]+"/g, '<request>')
    .replaceAll(/requestId\\":\\"[^"]+\\"/g, '<request>')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>');
}

/** Reads everything that a tenant can see. */
async function everythingOf(holder: Holder, names: Names): Promise<string> {
  const { sessionKey, agent } = names;
  const seen = [
    await holder.call('listSessions', {}),
    await holder.call('getContext', { sessionKey, limit: 100 }),
    await holder.call('getContext', { sessionKey, unread: true, agent }),
    await holder.call('listHandoffs', { agent, direction: 'outbox' }),
    await holder.call('listHandoffs', { agent, roles: ['reviewer'] }),
  ];
  return JSON.stringify(seen);
}

/** @param databaseUrl returns the URL of a database that exists when the tests run */
export function describeIsolation(title: string, databaseUrl: () => string): void {
  describe(`a token of one tenant, ${title}`, () => {
    let issuer: AuthorizationServer;
    let server: HttpServerProcess;
    let alpha: Holder;
    let beta: Holder;
    beforeAll(async () => {
      issuer = await AuthorizationServer.start({
        alpha: { context_namespace: 'alpha' },
        beta: { context_namespace: 'beta' },
      });
      server = await serverFor(issuer, { DATABASE_URL: databaseUrl() });
      alpha = new Holder(server, await issuer.token('alpha', everything));
      beta = new Holder(server, await issuer.token('beta', everything));
    });
    afterAll(async () => {
      await server.stop();
      await issuer.stop();
    });

    let theirs: Names;
    const nothing = namesOfNothing();
    beforeAll(async () => {
      theirs = await fill(beta, secret);
      await alpha.result('registerSession', { sessionKey: 'mine', agent: 'me' });
    });

    /** Checks that calls on another tenant's names are answered as calls on names that do not exist, byte by byte. */
    async function expectTheSame(answer: (names: Names) => Promise<unknown>): Promise<string> {
      const elsewhere = comparable(await answer(theirs), theirs);
      expect(elsewhere).toBe(comparable(await answer(nothing), nothing));
      expect(elsewhere).not.toContain(secret);
      return elsewhere;
    }

    it('has calls in this test for every tool', () => {
      expect(Object.keys(calls).toSorted()).toEqual(tools.map(({ name }) => name).toSorted());
    });

    it.each(Object.entries(calls).filter(([name]) => name !== 'registerSession'))(
      'learns and does nothing by %s',
      async (name, argumentsOf) => {
        const before = await everythingOf(beta, theirs);
        const ours = await alpha.result('listHandoffs', { agent: 'me' });
        for (const index of argumentsOf(theirs).keys()) {
          const answer = await expectTheSame((names) => alpha.call(name, argumentsOf(names)[index]));
          expect(answer).toContain('"status":200');
        }
        expect(await everythingOf(beta, theirs)).toBe(before);
        expect(await alpha.result('listHandoffs', { agent: 'me' })).toEqual(ours);
      },
    );

    it('learns nothing about another tenant from resources', async () => {
      const { resourceTemplates } = (await alpha.ask('resources/templates/list')) as {
        resourceTemplates: { uriTemplate: string }[];
      };
      expect(resourceTemplates).toHaveLength(5);
      for (const { uriTemplate } of resourceTemplates) {
        await expectTheSame(({ sessionKey, agent }) =>
          alpha.ask('resources/read', {
            uri: uriTemplate.replace('{sessionKey}', sessionKey).replace('{agentId}', agent),
          }),
        );
      }
      const { resources } = (await alpha.ask('resources/list')) as { resources: { uri: string }[] };
      expect(resources.map(({ uri }) => uri)).toEqual([
        'handoff://sessions',
        'handoff://stats',
        'handoff://summary/mine',
      ]);
      for (const { uri } of resources) {
        expect(JSON.stringify(await alpha.ask('resources/read', { uri })), uri).not.toContain(secret);
      }
      const stats = JSON.stringify(await alpha.ask('resources/read', { uri: 'handoff://stats' }));
      expect(stats).toContain('\\"pendingHandoffs\\":0');
      await expectTheSame(({ sessionsCursor: cursor }) => alpha.ask('resources/list', { cursor }));
    });

    it('learns nothing about another tenant from prompts and completion', async () => {
      for (const { name, arguments: known = [] } of prompts) {
        await expectTheSame(({ sessionKey }) => alpha.ask('prompts/get', { name, arguments: { sessionKey } }));
        for (const argument of known) {
          for (const value of ['', secret.slice(0, 3), theirs.sessionKey]) {
            const completed = await alpha.ask('completion/complete', {
              ref: { type: 'ref/prompt', name },
              argument: { name: argument.name, value },
            });
            expect(JSON.stringify(completed)).not.toContain(secret);
          }
        }
      }
      for (const [uri, name, value] of [
        ['handoff://summary/{sessionKey}', 'sessionKey', theirs.sessionKey],
        ['handoff://inbox/{agentId}', 'agentId', theirs.agent],
      ] as const) {
        const completed = await alpha.ask('completion/complete', {
          ref: { type: 'ref/resource', uri },
          argument: { name, value: value.slice(0, 5) },
        });
        expect(completed['completion']).toEqual({ values: [] });
      }
    });

    it('gets no change notifications of another tenant', async () => {
      const uris = [
        ...['summary', 'context', 'sessions'].map((kind) => `handoff://${kind}/${theirs.sessionKey}`),
        `handoff://inbox/${theirs.agent}`,
        `handoff://agents/${theirs.agent}/sessions`,
        'handoff://inbox/reviewer',
        'handoff://stats',
        'handoff://sessions',
        'handoff://context/mine',
      ];
      const [weHeard, theyHeard] = [await alpha.listen(uris), await beta.listen(uris)];
      const entry = { contextType: 'message', content: 'x' };
      const { sessionKey, agent } = theirs;
      await beta.result('updateContext', { ...entry, sessionKey, agent });
      await beta.result('requestHandoff', { sessionKey, agent, requestType: 'full_handoff', targetAgent: agent });
      await beta.result('registerSession', { sessionKey: `${secret}-new`, agent });
      await expect.poll(() => new Set(theyHeard)).toContain('list');
      await expect.poll(() => new Set(theyHeard)).toContain(`handoff://inbox/${agent}`);
      // Notifications keep the order of events, so one of another tenant would have arrived before this.
      await alpha.result('updateContext', { ...entry, sessionKey: 'mine', agent: 'me' });
      await expect.poll(() => weHeard.toSorted()).toEqual(['handoff://context/mine', 'handoff://sessions']);
    });

    it('waits for offers without noticing those of another tenant, or their number', async () => {
      const before = await alpha.result('listHandoffs', { agent: theirs.agent });
      const arriving = alpha.result('listHandoffs', { agent: theirs.agent, roles: ['reviewer'], waitSeconds: 1 });
      const { sessionKey, agent } = theirs;
      await beta.result('requestHandoff', { sessionKey, agent, requestType: 'context_transfer' });
      expect(await arriving).toMatchObject({ handoffs: [] });
      expect(await alpha.result('listHandoffs', { agent: theirs.agent })).toEqual(before);
    });

    it('may use the names and idempotency keys of another tenant for its own data', async () => {
      const before = await everythingOf(beta, theirs);
      for (const index of calls.registerSession(theirs).keys()) {
        await expectTheSame((names) => alpha.call('registerSession', calls.registerSession(names)[index] ?? {}));
      }
      const { sessionKey, agent, idempotencyKey } = theirs;
      const entry = { sessionKey, agent, contextType: 'message', content: 'x', idempotencyKey };
      expect(await alpha.result('updateContext', entry)).toMatchObject({ sequence: 1 });
      expect(await alpha.call('getContext', { sessionKey, cursor: theirs.contextCursor })).toMatchObject({
        structuredContent: { code: 'VALIDATION_ERROR' },
      });
      expect(await everythingOf(beta, theirs)).toBe(before);
    });
  });
}
