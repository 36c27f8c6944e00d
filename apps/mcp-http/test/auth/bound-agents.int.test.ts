import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createApiKey } from '@org/api-keys';
import { Holder } from '../support/ask.js';
import { AuthorizationServer, serverFor } from './authorization-server.js';
import { HttpServerProcess, temporaryFolder } from '../support/mcp-http.js';
import { calls, namesOfNothing } from '../support/tool-calls.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: HttpServerProcess;
let bound: Holder;

beforeAll(async () => {
  folder = await temporaryFolder();
  const file = join(folder.path, 'keys.jsonl');
  const { key } = await createApiKey(file, { id: 'key', namespace: 'gamma', agent: 'bound', scopes: ['admin'] });
  server = await HttpServerProcess.start({ DATABASE_URL: 'sqlite::memory:', API_KEYS_FILE: file });
  bound = new Holder(server, key);
});
afterAll(async () => {
  await server.stop();
  await folder.remove();
});

describe('a credential that is bound to an agent', () => {
  it('acts as that agent, whether the call names it or not', async () => {
    for (const [sessionKey, names] of [
      ['unnamed', {}],
      ['named', { agent: 'bound' }],
      ['old', { agentFrom: 'bound' }],
    ] as const) {
      expect(await bound.result('registerSession', { sessionKey, ...names })).toMatchObject({
        session: { namespace: 'gamma', owner: 'bound' },
      });
    }
  });

  it.each(Object.entries(calls))('may not name another one in %s', async (name, argumentsOf) => {
    const names = { ...namesOfNothing(), agent: 'another' };
    for (const args of argumentsOf(names)) {
      const answer = await bound.call(name, { ...args, agent: 'another' });
      expect(answer['structuredContent'], JSON.stringify(args)).toMatchObject({ code: 'FORBIDDEN' });
    }
  });

  it('may not name another agent as agentFrom', async () => {
    for (const agent of [{}, { agent: 'another' }]) {
      const answer = await bound.call('registerSession', { agentFrom: 'another', ...agent });
      expect(answer['structuredContent']).toMatchObject({ code: 'FORBIDDEN' });
    }
  });

  it('may not be named another by the Context-Agent header', async () => {
    for (const [named, answer] of [
      ['another', { code: 'FORBIDDEN' }],
      ['bound', { session: { owner: 'bound' } }],
    ] as const) {
      const renamed = new Holder(server, bound.credential, { 'Context-Agent': named });
      expect(await renamed.call('registerSession')).toMatchObject({ structuredContent: answer });
    }
  });

  it('may read offers to other agents of its namespace', async () => {
    const read = await bound.ask('resources/read', { uri: 'handoff://inbox/another' });
    expect(read).toMatchObject({ contents: [{ text: '{"handoffs":[]}' }] });
  });

  it('is a token with the claim that AUTH_AGENT_CLAIM names, and a token without that claim is refused', async () => {
    const issuer = await AuthorizationServer.start({ it: { context_namespace: 'delta', agent_name: 'claimed' } });
    const strict = await serverFor(issuer, { AUTH_AGENT_CLAIM: 'agent_name' });
    onTestFinished(async () => {
      await strict.stop();
      await issuer.stop();
    });
    const scopes = 'context:read context:write';
    const holder = new Holder(strict, await issuer.token('it', scopes));
    expect(await holder.result('registerSession')).toMatchObject({ session: { namespace: 'delta', owner: 'claimed' } });
    expect(await holder.call('registerSession', { agent: 'another' })).toMatchObject({
      structuredContent: { code: 'FORBIDDEN' },
    });
    expect(await new Holder(strict, await issuer.sign()).call('listSessions')).toMatchObject({ status: 403 });
  });
});
