import type { StoreEvent } from '@org/domain';
import { describe, expect, it } from 'vitest';
import { channelName, decodeMessage, encodeMessage, maxMessageEvents } from './event-message.js';

const changed: StoreEvent = { kind: 'session_changed', namespace: 'team', sessionKey: 'work' };
const withEvent = (event: unknown): string => JSON.stringify({ sender: 'me', events: [event] });

describe('a message', () => {
  it('arrives as it was sent', () => {
    const events: StoreEvent[] = [
      changed,
      { kind: 'handoff_offered', namespace: 'team', targetAgent: 'role:reviewer' },
      { kind: 'handoff_offered', namespace: 'team', project: 'github.com/owner/repo' },
      { kind: 'handoff_offered', namespace: 'team' },
      { kind: 'something_changed' },
    ];
    expect(decodeMessage(encodeMessage({ sender: 'me', events }))).toEqual({ sender: 'me', events });
  });

  it('can hold the longest events', () => {
    const long = 'x'.repeat(128);
    const event: StoreEvent = { kind: 'handoff_offered', namespace: long, targetAgent: `role:${long}`, project: long };
    const message = { sender: 'me', events: Array.from({ length: maxMessageEvents }, () => event) };
    expect(decodeMessage(encodeMessage(message))).toEqual(message);
  });

  it.each([
    '',
    'null',
    '[]',
    '{"sender":"me"}',
    '{"sender":"me","events":{}}',
    '{"events":[]}',
    '{"sender":"me","events":[],"more":1}',
    withEvent(null),
    withEvent({ kind: 'unheard_of' }),
    withEvent({ ...changed, more: 1 }),
    withEvent({ ...changed, sessionKey: 'not a key' }),
    withEvent({ ...changed, namespace: '../..' }),
    withEvent({ kind: 'session_changed', namespace: 'team' }),
    withEvent({ kind: 'handoff_offered', namespace: 'team', targetAgent: 'role:' }),
    withEvent({ kind: 'handoff_offered', namespace: 'team', project: 'https://u:p@host/o' }),
    JSON.stringify({ sender: 'me', events: Array.from({ length: maxMessageEvents + 1 }, () => changed) }),
    JSON.stringify({ sender: 'x'.repeat(1024 * 1024), events: [changed] }),
    '['.repeat(100_000),
    '\u0000\uFFFD',
  ])('with garbage is ignored (%#)', (text) => {
    expect(decodeMessage(text)).toBeUndefined();
  });
});

it('goes over a channel that names the deployment and the version of the shape', () => {
  expect(channelName('production')).toBe('context-store:production:events:v2');
});
