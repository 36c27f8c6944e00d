import { expect, it } from 'vitest';
import { tokenPrincipal } from './token-principal.js';

const claims = { sub: 'someone', client_id: 'client', exp: 1000, space: 'acme', agent: 'planner' };
const mapping = { namespaceClaim: 'space', ownNamespace: 'own', agentClaim: 'agent' };

it('reads the principal from the claims', () => {
  expect(tokenPrincipal({ ...claims, scope: 'openid handoff admin' }, mapping)).toEqual({
    id: 'subject:someone',
    namespace: 'acme',
    agent: 'planner',
    scopes: ['handoff', 'admin'],
    expiresAt: 1000,
  });
});

it('takes the id of the client if there is no subject', () => {
  const { sub: _sub, ...others } = claims;
  expect(tokenPrincipal(others, mapping).id).toBe('subject:client');
  expect(() => tokenPrincipal({ ...others, client_id: 7 }, mapping)).toThrow('neither sub nor client_id');
});

it('uses the namespace of the server, and no agent, if no claims are configured', () => {
  const off = { namespaceClaim: undefined, ownNamespace: 'own', agentClaim: undefined };
  expect(tokenPrincipal(claims, off)).toMatchObject({ namespace: 'own', agent: undefined });
});

it.each([
  ['namespaceClaim', 'missing', 'is missing'],
  ['namespaceClaim', 'toString', 'is missing'],
  ['namespaceClaim', 'exp', 'is not a name'],
  ['agentClaim', 'missing', 'is missing'],
  ['agentClaim', 'url', 'is not a name'],
])('refuses a token whose %s %s names nothing', (which, claim, problem) => {
  const all = { ...claims, url: 'https://client.example/metadata.json' };
  expect(() => tokenPrincipal(all, { ...mapping, [which]: claim })).toThrow(
    `the claim ${claim} of the token ${problem}`,
  );
});

it.each([
  [{ scope: 'context:read handoff' }, ['context:read', 'handoff']],
  [{ scope: ['context:read', 7, null] }, ['context:read']],
  [{ scp: ['handoff'] }, ['handoff']],
  [{ scope: 'openid', scp: 'context:write' }, ['context:write']],
  [{ scope: 'CONTEXT:READ toString __proto__ context' }, []],
  [{ scope: { admin: true } }, []],
  [{}, []],
])('grants the known scopes of %j', (granted, scopes) => {
  expect(tokenPrincipal({ ...claims, ...granted }, mapping).scopes).toEqual(scopes);
});
