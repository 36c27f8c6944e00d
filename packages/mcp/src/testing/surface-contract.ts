import { randomUUID } from 'node:crypto';
import type { ErrorCode } from '@org/domain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** The methods of a client that the suite uses. Every version of the official clients has them. */
export interface SurfaceClient {
  listTools(): Promise<{ tools: readonly { name: string }[] }>;
  callTool(params: { name: string; arguments: Record<string, unknown> }): Promise<unknown>;
  listResources(): Promise<{ resources: readonly { uri: string }[] }>;
  listResourceTemplates(): Promise<{ resourceTemplates: readonly { uriTemplate: string }[] }>;
  readResource(params: { uri: string }): Promise<{ contents: readonly { uri: string }[] }>;
  listPrompts(): Promise<{ prompts: readonly { name: string }[] }>;
  getPrompt(params: { name: string; arguments: Record<string, string> }): Promise<{ messages: readonly unknown[] }>;
  complete(params: {
    ref: { type: 'ref/resource'; uri: string } | { type: 'ref/prompt'; name: string };
    argument: { name: string; value: string };
  }): Promise<{ completion: { values: string[] } }>;
}

/** A server under test, with the default limits. */
export interface SurfaceServer {
  /** Connects a new client: over stdio, with a new process on the same data. */
  readonly connect: (name: string) => Promise<SurfaceClient>;
  /** Ends every client and process, and removes their data. */
  readonly close: () => Promise<void>;
}

type Body = Record<string, unknown>;

/** Calls a tool, and checks that the answer has the same JSON twice: as structured content and as text. */
async function call(client: SurfaceClient, name: string, args: Body): Promise<Body & { isError: boolean }> {
  const answer = (await client.callTool({ name, arguments: args })) as {
    isError?: boolean;
    structuredContent: Body;
    content: { text: string }[];
  };
  expect(JSON.parse(answer.content[0]?.text ?? '')).toEqual(answer.structuredContent);
  return { ...answer.structuredContent, isError: answer.isError ?? false };
}

/** What every client must be able to do over every transport. `open` starts a server whose data no other test uses. */
export function describeMcpSurface(title: string, open: () => Promise<SurfaceServer>): void {
  describe(title, () => {
    let server: SurfaceServer;
    let planner: SurfaceClient;
    let implementer: SurfaceClient;
    beforeAll(async () => {
      server = await open();
      planner = await server.connect('planner');
      implementer = await server.connect('implementer');
    });
    afterAll(() => server.close());

    const as = (agent: string) => ({ agent });
    const append = (client: SurfaceClient, agent: string, sessionKey: string, content: string): Promise<Body> =>
      call(client, 'updateContext', { sessionKey, contextType: 'message', content, agent });
    const newSession = async (): Promise<string> => {
      const sessionKey = `work-${randomUUID()}`;
      await call(planner, 'registerSession', { sessionKey, title: 'Work', ...as('planner') });
      return sessionKey;
    };

    it('lists the tools', async () => {
      const { tools } = await planner.listTools();
      expect(tools.map(({ name }) => name)).toEqual([
        'registerSession',
        'updateContext',
        'getContext',
        'getBriefing',
        'requestHandoff',
        'listHandoffs',
        'acceptHandoff',
        'resolveHandoff',
        'listSessions',
        'updateSession',
      ]);
    });

    it('records text of every kind, and reads it back unchanged', async () => {
      const sessionKey = await newSession();
      const content = 'naïve – 日本語 – 👩‍💻 – "quoted"\n\\back\tslash\u2028';
      expect(await append(planner, 'planner', sessionKey, content)).toMatchObject({ sequence: 1, epoch: 1 });
      const page = await call(implementer, 'getContext', { sessionKey });
      expect(page).toMatchObject({ lastSequence: 1, entries: [{ sequence: 1, agent: 'planner', content }] });
    });

    it('records concurrent appends without a gap', async () => {
      const sessionKey = await newSession();
      const contents = Array.from({ length: 32 }, (_, index) => `entry ${index}`);
      const answers = await Promise.all(contents.map((content) => append(planner, 'planner', sessionKey, content)));
      const sequences = answers.map(({ sequence }) => sequence as number).toSorted((a, b) => a - b);
      expect(sequences).toEqual(contents.map((_, index) => index + 1));
    });

    it('hands a session over, and fences the old owner out', async () => {
      const sessionKey = await newSession();
      await append(planner, 'planner', sessionKey, 'Decided: SQLite.');
      const offer = { sessionKey, requestType: 'full_handoff', targetAgent: 'implementer', summary: 'Half done.' };
      await call(planner, 'requestHandoff', { ...offer, ...as('planner') });
      const inbox = await call(implementer, 'listHandoffs', as('implementer'));
      const handoffs = inbox['handoffs'] as { handoffId: string; sessionKey: string }[];
      const handoffId = handoffs.find((handoff) => handoff.sessionKey === sessionKey)?.handoffId;

      const accepted = await call(implementer, 'acceptHandoff', { handoffId, ...as('implementer') });
      expect(accepted).toMatchObject({ session: { owner: 'implementer', epoch: 2 }, handoff: { status: 'accepted' } });
      expect(accepted['briefing']).toMatchObject({ entries: [{ content: 'Decided: SQLite.' }], uptoSequence: 1 });
      expect((accepted['briefing'] as { text: string }).text).toContain('Half done.');

      expect(await append(implementer, 'implementer', sessionKey, 'Going on.')).toMatchObject({
        sequence: 2,
        epoch: 2,
      });
      expect(await append(planner, 'planner', sessionKey, 'Too late.')).toMatchObject({
        isError: true,
        code: 'OWNERSHIP_LOST',
      });
    });

    it('shows sessions as resources, and completes their keys', async () => {
      const sessionKey = await newSession();
      await append(planner, 'planner', sessionKey, 'Decided: SQLite.');
      const { resources } = await implementer.listResources();
      expect(resources.map(({ uri }) => uri)).toEqual(
        expect.arrayContaining(['handoff://sessions', `handoff://summary/${sessionKey}`]),
      );
      const { resourceTemplates } = await implementer.listResourceTemplates();
      for (const { uriTemplate } of resourceTemplates) {
        const [variable, value] = uriTemplate.includes('{sessionKey}')
          ? ['sessionKey', sessionKey]
          : ['agentId', 'planner'];
        const read = await implementer.readResource({ uri: uriTemplate.replace(`{${variable}}`, value) });
        expect(read.contents, uriTemplate).toHaveLength(1);
        const { completion } = await implementer.complete({
          ref: { type: 'ref/resource', uri: uriTemplate },
          argument: { name: variable, value: value.slice(0, 20) },
        });
        expect(completion.values, uriTemplate).toEqual([value]);
      }
      for (const resource of ['summary', 'context']) {
        const read = await implementer.readResource({ uri: `handoff://${resource}/${sessionKey}` });
        expect(JSON.stringify(read.contents)).toContain('Decided: SQLite.');
      }
      const { contents } = await implementer.readResource({ uri: 'handoff://stats' });
      expect(JSON.stringify(contents)).toContain('pendingHandoffs');
      await expect(implementer.readResource({ uri: 'handoff://nothing' })).rejects.toThrow(/There are handoff/);
    });

    it('gives prompts for a session, and refuses a session that does not exist', async () => {
      const sessionKey = await newSession();
      const { prompts } = await planner.listPrompts();
      expect(prompts.map(({ name }) => name)).toEqual(['handoff', 'resume', 'checkpoint']);
      for (const { name } of prompts) {
        const { messages } = await planner.getPrompt({ name, arguments: { sessionKey } });
        expect(JSON.stringify(messages)).toContain(sessionKey);
        const ref = { type: 'ref/prompt' as const, name };
        const { completion } = await planner.complete({ ref, argument: { name: 'sessionKey', value: sessionKey } });
        expect(completion.values).toEqual([sessionKey]);
        const missing = planner.getPrompt({ name, arguments: { sessionKey: 'unknown' } });
        await expect(missing).rejects.toThrow(/No session unknown/);
      }
      // The session that the agent works on.
      const { messages } = await planner.getPrompt({ name: 'checkpoint', arguments: {} });
      expect(JSON.stringify(messages)).toContain(sessionKey);
    });

    it('makes an offer to a name that was never seen, and asks which name was meant', async () => {
      const sessionKey = await newSession();
      const name = `Unseen-${randomUUID()}`;
      const offerTo = (targetAgent: string) =>
        call(planner, 'requestHandoff', { sessionKey, requestType: 'context_transfer', targetAgent, ...as('planner') });
      const answer = await offerTo(name);
      expect(answer).toMatchObject({ isError: false, handoff: { status: 'pending', targetAgent: name } });
      expect(answer['hint']).toContain(`No agent named ${name} was seen in this namespace.`);
      await call(implementer, 'listHandoffs', as(name));
      // The other process tells the store after it has answered.
      await expect.poll(async () => (await offerTo(name))['hint']).toBeUndefined();
      expect((await offerTo(name.toLowerCase()))['hint']).toContain(`Did you mean ${name}?`);
    });

    it('lets an agent wait for an offer to its role, accept it with a lease, and return it', async () => {
      const sessionKey = await newSession();
      const role = `reviewer-${randomUUID()}`;
      const inbox = await call(implementer, 'listHandoffs', { roles: [role], limit: 100, ...as('implementer') });
      const waiting = { roles: [role], cursor: inbox['cursor'], waitSeconds: 30, ...as('implementer') };
      const arriving = call(implementer, 'listHandoffs', waiting);
      const offer = { sessionKey, requestType: 'full_handoff', targetAgent: `role:${role}`, ...as('planner') };
      const { handoff } = (await call(planner, 'requestHandoff', offer)) as unknown as {
        handoff: { handoffId: string };
      };
      const { handoffId } = handoff;
      expect(await arriving).toMatchObject({ isError: false, handoffs: [{ handoffId, targetAgent: `role:${role}` }] });

      const own = await call(planner, 'acceptHandoff', { handoffId, ...as('planner') });
      expect(own).toMatchObject({ isError: true, code: 'FORBIDDEN' });
      const accepted = await call(implementer, 'acceptHandoff', { handoffId, leaseSeconds: 60, ...as('implementer') });
      expect(accepted).toMatchObject({
        handoff: { leaseExpiresAt: expect.any(String) as string },
        session: { epoch: 2 },
      });
      const end = { handoffId, outcome: 'returned', reason: 'A test is missing.', ...as('implementer') };
      expect(await call(implementer, 'resolveHandoff', end)).toMatchObject({ handoff: { status: 'returned' } });
      expect(await call(implementer, 'resolveHandoff', end)).toMatchObject({ code: 'HANDOFF_NOT_PENDING' });
      expect(await append(implementer, 'implementer', sessionKey, 'Too late.')).toMatchObject({
        code: 'OWNERSHIP_LOST',
      });

      const resume = { sessionKey, ifExists: 'resume', ...as('planner') };
      expect(await call(planner, 'registerSession', resume)).toMatchObject({ session: { owner: 'planner', epoch: 3 } });
      expect(await append(planner, 'planner', sessionKey, 'Going on.')).toMatchObject({ sequence: 1, epoch: 3 });
    });

    it('answers a wait without offers if none arrives', async () => {
      const nothing = { roles: [], waitSeconds: 0.1, ...as(`idle-${randomUUID()}`) };
      const first = await call(planner, 'listHandoffs', { ...nothing, waitSeconds: 0, limit: 100 });
      const second = await call(planner, 'listHandoffs', { ...nothing, cursor: first['cursor'] });
      expect(second).toMatchObject({ isError: false, handoffs: [], cursor: expect.any(String) as string });
    });

    it('shows each agent the entries that it has not acknowledged', async () => {
      const sessionKey = await newSession();
      for (const content of ['one', 'two', 'three']) await append(planner, 'planner', sessionKey, content);
      const unread = (agent: string, more: Body = {}) =>
        call(implementer, 'getContext', { sessionKey, unread: true, ...more, ...as(agent) });
      const all = { entries: [{ content: 'one' }, { content: 'two' }, { content: 'three' }] };
      expect(await unread('implementer')).toMatchObject(all);
      expect(await unread('implementer')).toMatchObject(all);
      expect(await unread('implementer', { ackSequence: 2 })).toMatchObject({ entries: [{ content: 'three' }] });
      expect(await unread('implementer', { ackSequence: 3 })).toEqual({
        isError: false,
        sessionKey,
        entries: [],
        lastSequence: 3,
      });
      expect(await unread('implementer', { ackSequence: 1 })).toMatchObject({
        entries: [{ content: 'two' }, { content: 'three' }],
      });
      expect(await unread('implementer', { ackSequence: 0 })).toMatchObject(all);
      expect(await unread('reviewer')).toMatchObject(all);
      expect(await unread('implementer', { ackSequence: 4 })).toMatchObject({
        isError: true,
        code: 'VALIDATION_ERROR',
      });
    });

    it.each<[string, string, Body, ErrorCode, string]>([
      ['a wrong type', 'getContext', { sessionKey: 'work', limit: 'all' }, 'VALIDATION_ERROR', 'limit'],
      ['an unknown argument', 'listSessions', { surplus: true }, 'VALIDATION_ERROR', 'surplus'],
      [
        'a missing argument',
        'updateContext',
        { sessionKey: 'work', contextType: 'file' },
        'VALIDATION_ERROR',
        'content',
      ],
      ['a malformed session key', 'getBriefing', { sessionKey: '../etc' }, 'VALIDATION_ERROR', 'sessionKey'],
      ['text that cannot be stored', 'registerSession', { title: 'a\0b', agent: 'a' }, 'VALIDATION_ERROR', 'title'],
      ['a session that does not exist', 'getContext', { sessionKey: 'unknown' }, 'SESSION_NOT_FOUND', 'unknown'],
      [
        'a handoff that does not exist',
        'acceptHandoff',
        { handoffId: 'none', agent: 'a' },
        'HANDOFF_NOT_FOUND',
        'none',
      ],
      ['too long a wait', 'listHandoffs', { agent: 'a', waitSeconds: 46 }, 'VALIDATION_ERROR', 'waitSeconds'],
      ['a negative lease', 'acceptHandoff', { handoffId: 'a', leaseSeconds: -1 }, 'VALIDATION_ERROR', 'leaseSeconds'],
      ['a malformed agent', 'listHandoffs', { agent: 'role:x' }, 'VALIDATION_ERROR', 'agent'],
      ['contradictions', 'getContext', { sessionKey: 'w', unread: true, order: 'asc' }, 'VALIDATION_ERROR', 'unread'],
      ['a cursor of another session', 'getContext', { sessionKey: 'work', cursor: 'x' }, 'VALIDATION_ERROR', 'cursor'],
    ])('answers %s with an error that names it, and keeps serving', async (_case, tool, args, code, named) => {
      const answer = await call(planner, tool, args);
      expect(answer).toMatchObject({ isError: true, code, message: expect.stringContaining(named) as string });
      expect(answer).toMatchObject({
        retryable: false,
        details: expect.anything() as object,
        requestId: expect.any(String) as string,
      });
      expect(await call(planner, 'listSessions', {})).toMatchObject({ isError: false });
    });

    it('accepts content up to the limit, and refuses more', async () => {
      const sessionKey = await newSession();
      const limit = 1024 * 1024;
      // One byte in the store, six bytes in the message.
      const worst = '\u0001'.repeat(limit);
      expect(await append(planner, 'planner', sessionKey, worst)).toMatchObject({ contentBytes: limit });
      expect(await append(planner, 'planner', sessionKey, `${worst}.`)).toMatchObject({
        isError: true,
        code: 'CONTENT_TOO_LARGE',
      });
    });

    it('answers a call of an unknown tool with the names of all tools', async () => {
      const asked = planner.callTool({ name: 'nothing', arguments: {} });
      await expect(asked).rejects.toThrow(/registerSession/);
    });
  });
}
