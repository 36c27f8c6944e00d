import { useCases } from '@org/domain';
import { describe, expect, it } from 'vitest';
import { messageOf } from '../../test/message-of.js';
import { receiveMessage, type Message } from '../messages/message.js';
import { prompts } from '../prompts/prompts.js';
import { uriTemplates } from '../resources/resource-uri.js';
import { missingScopes, scopesNeeded, toolScopes } from './scopes.js';

const request = (method: string, params?: object): Message => messageOf({ jsonrpc: '2.0', id: 1, method, params });
const listen = (notifications: object): readonly string[] =>
  scopesNeeded(request('subscriptions/listen', { notifications }));

describe('scopes that a message needs', () => {
  it.each([
    'initialize',
    'ping',
    'server/discover',
    'tools/list',
    'prompts/list',
    'resources/templates/list',
    'notifications/initialized',
  ])('none: %s', (method) => {
    expect(scopesNeeded(request(method))).toEqual([]);
  });

  it('are those of the tool', () => {
    for (const name of Object.keys(useCases) as (keyof typeof useCases)[]) {
      expect(scopesNeeded(request('tools/call', { name }))).toEqual([toolScopes[name]]);
    }
    expect(scopesNeeded(request('tools/call', { name: 'toString' }))).toEqual([]);
  });

  it('include writing if a tool that reads moves a mark', () => {
    const needed = (given: unknown): readonly string[] =>
      scopesNeeded(request('tools/call', { name: 'getContext', arguments: given }));
    for (const ackSequence of [0, 5, -1, '5', false, {}])
      expect(needed({ agent: 'victim', ackSequence })).toEqual(['context:read', 'context:write']);
    for (const given of [undefined, null, {}, { unread: true }, { ackSequence: null }, 'ackSequence'])
      expect(needed(given)).toEqual(['context:read']);
  });

  it('are those of the resource, for every method', () => {
    const needed = uriTemplates.map((template) => {
      const uri = template.replace(/\{\w+\}/, 'work');
      const read = scopesNeeded(request('resources/read', { uri }));
      expect(scopesNeeded(request('resources/subscribe', { uri }))).toEqual(read);
      expect(listen({ resourceSubscriptions: [uri] })).toEqual(read);
      return [template, ...read];
    });
    expect(needed).toEqual([
      ['handoff://summary/{sessionKey}', 'context:read'],
      ['handoff://context/{sessionKey}', 'context:read'],
      ['handoff://sessions/{sessionKey}', 'context:read'],
      ['handoff://inbox/{agentId}', 'handoff'],
      ['handoff://agents/{agentId}/sessions', 'context:read'],
    ]);
  });

  it('are those of all resources of a subscription', () => {
    const uris = ['handoff://inbox/a', 'handoff://sessions'];
    expect(listen({ resourceSubscriptions: uris })).toEqual(['handoff', 'context:read']);
    expect(listen({ resourcesListChanged: true })).toEqual(['context:read']);
  });

  it('include handoff if the completed values include the targets of offers', () => {
    const complete = (name: string): readonly string[] =>
      scopesNeeded(
        request('completion/complete', { ref: { type: 'ref/prompt', name: 'handoff' }, argument: { name, value: '' } }),
      );
    expect(complete('targetAgent')).toEqual(['context:read', 'handoff']);
    expect(complete('sessionKey')).toEqual(['context:read']);
  });

  it.each([
    ['resources/list', {}],
    ['resources/read', { uri: 'handoff://nothing' }],
    ['resources/read', undefined],
    ['prompts/get', { name: prompts[0]?.name }],
    ['completion/complete', {}],
    ['completion/complete', { argument: null }],
    ['a/method/of/tomorrow', {}],
  ])('are context:read for every other request: %s %j', (method, params) => {
    expect(scopesNeeded(request(method, params))).toEqual(['context:read']);
  });

  it.each([null, 7, 'text', {}, { method: 7 }, []])(
    'are never looked up for JSON that is not a message: %j',
    (sent) => {
      expect(receiveMessage(Buffer.from(JSON.stringify(sent))).kind).toBe('refused');
    },
  );

  it('are never looked up for an array of messages', () => {
    const calls = ['updateContext', 'acceptHandoff'].map((name) => request('tools/call', { name }).body);
    expect(receiveMessage(Buffer.from(JSON.stringify(calls))).kind).toBe('refused');
  });

  it('include context:read for a call that is sent as a notification', () => {
    const sent = { jsonrpc: '2.0', method: 'tools/call', params: { name: 'updateContext' } };
    expect(scopesNeeded(messageOf(sent))).toEqual(['context:read']);
  });
});

it('lists each missing scope once, and none for an administrator', () => {
  expect(missingScopes(['handoff', 'handoff', 'context:read'], ['context:read', 'else'])).toEqual(['handoff']);
  expect(missingScopes(['handoff', 'context:write'], ['admin'])).toEqual([]);
  expect(missingScopes(['handoff'], ['handoff:read', 'context'])).toEqual(['handoff']);
});
